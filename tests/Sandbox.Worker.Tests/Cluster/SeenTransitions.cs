using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Worker.Tests.Cluster;

/// <summary>Remembers the fences of the transitions that reach a store, and passes everything on without them: the embedded store
/// knows no leases.</summary>
internal sealed class SeenTransitions(ISandboxStore records, List<Fence?> seen) : ISandboxStore
{
    public Task<Result<SandboxInstance>> TryCreateAsync(SandboxInstance first, SandboxJob job, CancellationToken cancellationToken) =>
        records.TryCreateAsync(first, job, cancellationToken);

    public Task<SandboxInstance?> FindAsync(SandboxId id, CancellationToken cancellationToken) => records.FindAsync(id, cancellationToken);

    public Task<bool> TryTransitionAsync(SandboxTransition transition, CancellationToken cancellationToken)
    {
        seen.Add(transition.Fence);
        return records.TryTransitionAsync(transition with { Fence = null }, cancellationToken);
    }

    public Task<bool> TryUpdateFactsAsync(SandboxInstance next, CancellationToken cancellationToken) =>
        records.TryUpdateFactsAsync(next, cancellationToken);

    public Task<bool> TryReplaceEgressAsync(SandboxInstance next, CancellationToken cancellationToken) =>
        records.TryReplaceEgressAsync(next, cancellationToken);

    public Task<SandboxPage> ListAsync(SandboxQuery query, CancellationToken cancellationToken) =>
        records.ListAsync(query, cancellationToken);

    public Task<IReadOnlyList<SandboxInstance>> DueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        records.DueAsync(now, limit, cancellationToken);

    public Task<int> PurgeAsync(int limit, CancellationToken cancellationToken) => records.PurgeAsync(limit, cancellationToken);
}
