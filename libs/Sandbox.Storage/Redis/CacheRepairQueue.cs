using Sandbox.Contracts.Ids;

namespace Sandbox.Storage.Redis;

/// <summary>The sandboxes whose live entry could not be written. Bounded: what does not fit expires by itself in Redis.</summary>
internal sealed class CacheRepairQueue
{
    private const int Most = 100_000;

    private readonly Lock _lock = new();
    private HashSet<SandboxId> _ids = [];
    private TaskCompletionSource _any = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when there is something.</summary>
    public Task Any
    {
        get
        {
            lock (_lock)
            {
                return _any.Task;
            }
        }
    }

    public void Add(SandboxId id)
    {
        lock (_lock)
        {
            if (_ids.Count < Most)
            {
                _ids.Add(id);
            }

            _any.TrySetResult();
        }
    }

    public IReadOnlyCollection<SandboxId> TakeAll()
    {
        lock (_lock)
        {
            var taken = _ids;
            (_ids, _any) = ([], new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            return taken;
        }
    }
}
