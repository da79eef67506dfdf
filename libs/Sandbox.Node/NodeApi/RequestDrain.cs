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
    /// <summary>For so long no call has come: the callers have understood.</summary>
    internal static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _cut = new();
    private TaskCompletionSource _empty = Completed();
    private int _uses;
    private bool _ended;

    /// <summary>Ends when calls have no more time.</summary>
    public CancellationToken Cut => _cut.Token;

    /// <summary>One call of the node API, or one connection over which calls come, until it is disposed; null: the API has ended.</summary>
    public IDisposable? TryEnter()
    {
        lock (_gate)
        {
            if (_ended)
            {
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
        Task empty;
        lock (_gate)
        {
            (_ended, empty) = (true, _empty.Task);
        }

        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAll(
            Task.WhenAny(empty, Task.Delay(options.Value.DrainWait, time, late.Token)),
            Task.Delay(Quiet, time, cancellationToken));
        await late.CancelAsync();
        await _cut.CancelAsync();
    }

    public void Dispose() => _cut.Dispose();

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

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
