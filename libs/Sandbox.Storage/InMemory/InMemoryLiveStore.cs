using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.InMemory;

/// <summary>The live entries of one process.</summary>
internal sealed class InMemoryLiveStore : ILiveStore
{
    // A write that was under way when its sandbox was removed comes at once or never: the last few are enough.
    private const int RemovedKept = 1024;

    private readonly Lock _lock = new();
    private readonly Dictionary<SandboxId, (long Version, IReadOnlyDictionary<string, object?> Fields)> _alive = [];
    private readonly Dictionary<SandboxId, (long Version, LiveTimeout Timeout)> _timeouts = [];
    private readonly Dictionary<SandboxId, long> _removed = [];
    private readonly Queue<SandboxId> _removals = [];

    public Task PutAsync(SandboxId id, LiveWrite write, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!IsLate(id, write.Version))
            {
                var below = _alive.TryGetValue(id, out var there) && there.Version >= write.Since ? there.Fields : write.Seed;
                _alive[id] = (write.Version, LiveFields.Merge(below, write.Fields));
                _timeouts[id] = (write.Version, write.Timeout);
            }
        }

        return Task.CompletedTask;
    }

    public Task<IReadOnlyDictionary<string, object?>?> FindAsync(SandboxId id, long version, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_alive.TryGetValue(id, out var there) && there.Version == version ? there.Fields : null);
        }
    }

    public Task PutTimeoutAsync(SandboxId id, long version, LiveTimeout timeout, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!IsLate(id, version))
            {
                _timeouts[id] = (version, timeout);
            }
        }

        return Task.CompletedTask;
    }

    public Task<LiveTimeout?> FindTimeoutAsync(SandboxId id, long version, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Task.FromResult(_timeouts.TryGetValue(id, out var there) && there.Version == version ? there.Timeout : null);
        }
    }

    public Task RemoveAsync(SandboxId id, long version, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!IsLate(id, version))
            {
                _alive.Remove(id);
                _timeouts.Remove(id);
                Remember(id, version);
            }
        }

        return Task.CompletedTask;
    }

    private bool IsLate(SandboxId id, long version) =>
        (_alive.TryGetValue(id, out var alive) && alive.Version > version)
        || (_timeouts.TryGetValue(id, out var timeout) && timeout.Version > version)
        || (_removed.TryGetValue(id, out var removed) && removed > version);

    private void Remember(SandboxId id, long version)
    {
        if (!_removed.ContainsKey(id))
        {
            _removals.Enqueue(id);
        }

        _removed[id] = version;
        if (_removals.Count > RemovedKept)
        {
            _removed.Remove(_removals.Dequeue());
        }
    }
}
