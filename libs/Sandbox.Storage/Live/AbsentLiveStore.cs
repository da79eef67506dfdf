using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Live;

/// <summary>A cluster without Redis has no live entries: everything is answered from the record. (Entries in the memory of one
/// process would be written by one and evicted by another.)</summary>
internal sealed class AbsentLiveStore : ILiveStore
{
    public Task PutAsync(SandboxId id, LiveWrite write, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<IReadOnlyDictionary<string, object?>?> FindAsync(SandboxId id, long version, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyDictionary<string, object?>?>(null);

    public Task PutTimeoutAsync(SandboxId id, long version, LiveTimeout timeout, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<LiveTimeout?> FindTimeoutAsync(SandboxId id, long version, CancellationToken cancellationToken) =>
        Task.FromResult<LiveTimeout?>(null);

    public Task RemoveAsync(SandboxId id, long version, CancellationToken cancellationToken) => Task.CompletedTask;
}
