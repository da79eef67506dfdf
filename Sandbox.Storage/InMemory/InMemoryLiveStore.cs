using System.Collections.Concurrent;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.InMemory;

/// <summary>The live entries of one process.</summary>
internal sealed class InMemoryLiveStore : ILiveStore
{
    private readonly ConcurrentDictionary<SandboxId, IReadOnlyDictionary<string, object?>> _alive = [];
    private readonly ConcurrentDictionary<SandboxId, LiveTimeout> _timeouts = [];

    public Task PutAsync(SandboxId id, IReadOnlyDictionary<string, object?> fields, CancellationToken cancellationToken)
    {
        _alive[id] = LiveFields.Pick(fields);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyDictionary<string, object?>?> FindAsync(SandboxId id, CancellationToken cancellationToken) =>
        Task.FromResult(_alive.GetValueOrDefault(id));

    public Task PutTimeoutAsync(SandboxId id, LiveTimeout timeout, CancellationToken cancellationToken)
    {
        _timeouts[id] = timeout;
        return Task.CompletedTask;
    }

    public Task<LiveTimeout?> FindTimeoutAsync(SandboxId id, CancellationToken cancellationToken) =>
        Task.FromResult(_timeouts.GetValueOrDefault(id));

    public Task RemoveAsync(SandboxId id, CancellationToken cancellationToken)
    {
        _alive.TryRemove(id, out _);
        _timeouts.TryRemove(id, out _);
        return Task.CompletedTask;
    }
}
