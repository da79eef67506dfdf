using Microsoft.Extensions.Options;
using Sandbox.Node.Membership;

namespace Sandbox.Node.NodeApi;

/// <summary>
/// The orderly end of the node API. From the signal on, new calls are told at once that they are in the wrong place, over a
/// connection that is then closed: the caller waits for the node's next life. Only when no call is under way any more, and
/// the callers have closed the connections over which they called, does the server stop. A connection that this side closed
/// might have a call on its way, and its caller could not know whether it was begun. What goes on for longer than the node's
/// patience (a stream) is cut, and its process can be attached to again.
/// </summary>
internal sealed class RequestDrain(IOptions<NodeOptions> options, TimeProvider time) : IHostedLifecycleService, IDisposable
{
    /// <summary>For so long no call has come: the callers have understood. A caller that has been told asks again every 100 ms until the
    /// store tells it, too, that this node is leaving.</summary>
    internal static readonly TimeSpan Quiet = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _cut = new();
    private TaskCompletionSource _empty = Completed();
    private int _uses;
    private bool _ended;
    private long _refused;

    /// <summary>Ends when calls have no more time.</summary>
    public CancellationToken Cut => _cut.Token;

    /// <summary>One call of the node API, or one connection over which calls come, until it is disposed; null: the API has ended.</summary>
    public IDisposable? TryEnter()
    {
        lock (_gate)
        {
            if (_ended)
            {
                _refused = time.GetTimestamp();
                return null;
            }

            if (_uses++ == 0)
            {
                _empty = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return new Use(this);
        }
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        lock (_gate)
        {
            (_ended, _refused) = (true, begun);
        }

        try
        {
            while (NextPause(begun) is var (empty, pause) && pause > TimeSpan.Zero)
            {
                using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                var waited = Task.Delay(pause, time, enough.Token);
                await (empty is null ? waited : await Task.WhenAny(empty, waited));
                await enough.CancelAsync();
            }
        }
        finally
        {
            await _cut.CancelAsync();
        }
    }

    public void Dispose() => _cut.Dispose();

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What is waited for next, and for how long: the calls under way, then the quiet after the last call that was refused. A
    /// server that stopped while refused calls still come would break one that it has not yet read.</summary>
    private (Task? Empty, TimeSpan Pause) NextPause(long begun)
    {
        var left = options.Value.DrainWait - time.GetElapsedTime(begun);
        lock (_gate)
        {
            if (!_empty.Task.IsCompleted)
            {
                return (_empty.Task, left);
            }

            var quiet = Quiet - time.GetElapsedTime(_refused);
            return (null, quiet < left ? quiet : left);
        }
    }

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource();
        source.SetResult();
        return source;
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_uses == 0)
            {
                _empty.SetResult();
            }
        }
    }

    private sealed class Use(RequestDrain drain) : IDisposable
    {
        private RequestDrain? _drain = drain;

        public void Dispose() => Interlocked.Exchange(ref _drain, null)?.Leave();
    }
}
