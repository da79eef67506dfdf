using Sandbox.Agent.Activity;
using Sandbox.Agent.Native;

namespace Sandbox.Agent.Processes;

/// <summary>One process of the table: its child, its output, and when it has to be killed.</summary>
internal sealed class SandboxProcess
{
    /// <summary>How long a process whose last reader left may live on, when it was asked to go with them.</summary>
    internal static readonly TimeSpan AbandonedGrace = TimeSpan.FromSeconds(10);

    private readonly ProcessOrder _order;
    private readonly ChildProcess _child;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<ProcessExit> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly OutputLog _log;
    private readonly TaskCompletionSource _enough = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ITimer? _timeout;
    private ITimer? _abandoned;
    private string? _killedBecause;
    private Task _lastInput = Task.CompletedTask;

    internal SandboxProcess(ProcessOrder order, ChildProcess child, TimeProvider time, AgentActivity activity)
    {
        (_order, _child, _time) = (order, child, time);
        _log = new OutputLog(time, activity);
    }

    internal int Pid => _child.Pid;

    internal ProcessOrder Order => _order;

    internal bool HasTerminal => _child.Terminal is not null;

    /// <summary>Whether any reader has been told of its end.</summary>
    internal bool EndWasSeen { get; private set; }

    /// <summary>Ends when the process has ended and all its output stands in the log.</summary>
    internal Task<ProcessExit> Ended => _ended.Task;

    /// <summary>Starts to read its output; call once, after the first reader is attached.</summary>
    internal void Run()
    {
        if (_order.Timeout is { } timeout)
        {
            _timeout = _time.CreateTimer(
                _ => Kill($"timed out after {timeout.TotalSeconds:0.###} s"), null, timeout, Timeout.InfiniteTimeSpan);
        }

        _ = RunAsync();
    }

    internal OutputReader Attach(bool replay)
    {
        lock (_gate)
        {
            _abandoned?.Dispose();
            _abandoned = null;
            return _log.Attach(replay);
        }
    }

    /// <param name="sawEnd">This reader was told how the process ended.</param>
    internal void Detach(OutputReader reader, bool sawEnd)
    {
        lock (_gate)
        {
            reader.Dispose();
            EndWasSeen |= sawEnd;
            if (_order.KillWhenAbandoned && _log.Readers == 0 && !_ended.Task.IsCompleted)
            {
                _abandoned?.Dispose();
                _abandoned = _time.CreateTimer(_ => KillIfAbandoned(), null, AbandonedGrace, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Writes to its standard input or terminal, in the order of the calls; waits while the process does not read.</summary>
    /// <returns>False when it cannot get input (any more).</returns>
    internal Task<bool> TrySendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        InTurnAsync(async () =>
        {
            if ((_child.Terminal ?? _child.Stdin) is { } stream)
            {
                await stream.WriteAsync(bytes, cancellationToken);
                return true;
            }

            return false;
        });

    /// <summary>Ends its standard input, after what is being written. No effect when it is closed already.</summary>
    internal Task CloseInputAsync() =>
        InTurnAsync(() =>
        {
            _child.Stdin?.Dispose();
            return Task.FromResult(true);
        });

    /// <summary>To its process group; SIGKILL to its whole session.</summary>
    internal bool Signal(int signal)
    {
        if (signal == Signals.Kill)
        {
            _child.KillSession();
            return true;
        }

        return _child.Signal(signal);
    }

    internal void Resize(ushort columns, ushort rows) => _child.Resize(columns, rows);

    private Task<bool> InTurnAsync(Func<Task<bool>> act)
    {
        lock (_gate)
        {
            var queued = ActAfterAsync(_lastInput, act);
            _lastInput = queued;
            return queued;
        }
    }

    private static async Task<bool> ActAfterAsync(Task previous, Func<Task<bool>> act)
    {
        await Task.WhenAny(previous);
        try
        {
            return await act();
        }
        catch (Exception closed) when (closed is IOException or ObjectDisposedException)
        {
            return false;
        }
    }

    private async Task RunAsync()
    {
        var status = await new ChildOutput(_child, _log.AppendAsync, _time).RunAsync(_enough.Task);
        lock (_gate)
        {
            _timeout?.Dispose();
            _abandoned?.Dispose();
        }

        // What a background descendant keeps open for output must not keep open its input.
        _child.Stdin?.Dispose();
        _log.Complete();
        _ended.TrySetResult(new ProcessExit(status, _killedBecause));
    }

    private void KillIfAbandoned()
    {
        if (_log.Readers == 0)
        {
            Kill("abandoned by its last reader");
        }
    }

    /// <summary>One that has ended by itself leaves in peace what it has started; only the wait for its last words is over.</summary>
    private void Kill(string because)
    {
        if (_child.Exited.IsCompleted)
        {
            _enough.TrySetResult();
            return;
        }

        _killedBecause ??= because;
        _child.KillSession();
    }
}

/// <param name="KilledBecause">Set when the agent itself killed it.</param>
internal sealed record ProcessExit(ExitStatus Status, string? KilledBecause);
