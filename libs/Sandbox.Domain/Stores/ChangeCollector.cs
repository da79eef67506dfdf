using Sandbox.Contracts.Ids;

namespace Sandbox.Domain.Stores;

/// <summary>Collects which sandboxes have changed, each once until it is taken: a slow reader has one entry of a sandbox, however often
/// that changes meanwhile. Dispose it when no longer interested.</summary>
/// <param name="capacity">Sandboxes that it holds at most; beyond it, it only knows that it missed some.</param>
public sealed class ChangeCollector(int capacity, Action<ChangeCollector> forget) : IDisposable
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = NewSignal();
    private HashSet<SandboxId> _ids = [];
    private bool _hasMissedSome;

    /// <summary>Completes when there is something to take.</summary>
    public Task Changed
    {
        get
        {
            lock (_lock)
            {
                return _changed.Task;
            }
        }
    }

    public void Add(SandboxId id)
    {
        lock (_lock)
        {
            if (_ids.Count < capacity || _ids.Contains(id))
            {
                _ids.Add(id);
            }
            else
            {
                _hasMissedSome = true;
            }

            _changed.TrySetResult();
        }
    }

    /// <summary>Any sandbox may have changed.</summary>
    public void Miss()
    {
        lock (_lock)
        {
            _hasMissedSome = true;
            _changed.TrySetResult();
        }
    }

    public CollectedChanges Take()
    {
        lock (_lock)
        {
            var taken = new CollectedChanges(_ids, _hasMissedSome);
            (_ids, _hasMissedSome) = ([], false);
            _changed = _changed.Task.IsCompleted ? NewSignal() : _changed;
            return taken;
        }
    }

    public void Dispose() => forget(this);

    // A reader's continuation must not run inside the writer that woke it.
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
