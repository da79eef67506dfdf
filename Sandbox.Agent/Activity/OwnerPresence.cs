namespace Sandbox.Agent.Activity;

/// <summary>Whether any owner is connected, and since when not.</summary>
internal sealed class OwnerPresence(TimeProvider time)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _changed = NewSignal();
    private int _connections;
    private long _leftAt = time.GetTimestamp();

    /// <summary>Ends when the next owner comes or the last one leaves.</summary>
    internal Task Changed
    {
        get
        {
            lock (_gate)
            {
                return _changed.Task;
            }
        }
    }

    /// <summary>How long no owner has been connected; null while one is.</summary>
    internal TimeSpan? Absence
    {
        get
        {
            lock (_gate)
            {
                return _connections > 0 ? null : time.GetElapsedTime(_leftAt);
            }
        }
    }

    internal void Enter() => Move(+1);

    internal void Leave() => Move(-1);

    private void Move(int step)
    {
        TaskCompletionSource? signal = null;
        lock (_gate)
        {
            var before = _connections;
            _connections += step;
            if (before == 0 || _connections == 0)
            {
                _leftAt = time.GetTimestamp();
                (signal, _changed) = (_changed, NewSignal());
            }
        }

        signal?.TrySetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
