using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Node.Leases;

/// <summary>
/// The records as the holder of a lease may write them: each transition carries the fence of that lease, and without the
/// lease nothing is written at all. It stands between the worker and every store, so that no writer can forget it.
/// </summary>
internal sealed class FencedSandboxStore(ISandboxStore records, ILeaseHolder lease) : ISandboxStore
{
    public Task<Result<SandboxInstance>> TryCreateAsync(SandboxInstance first, SandboxJob job, CancellationToken cancellationToken) =>
        records.TryCreateAsync(first, job, cancellationToken);

    public Task<SandboxInstance?> FindAsync(SandboxId id, CancellationToken cancellationToken) => records.FindAsync(id, cancellationToken);

    public Task<bool> TryTransitionAsync(SandboxTransition transition, CancellationToken cancellationToken) =>
        lease.Current is { } token
            ? records.TryTransitionAsync(transition with { Fence = transition.Fence ?? token.Fence }, cancellationToken)
            : Task.FromResult(false);

    public Task<bool> TryUpdateFactsAsync(SandboxInstance next, CancellationToken cancellationToken) =>
        lease.Current is not null ? records.TryUpdateFactsAsync(next, cancellationToken) : Task.FromResult(false);

    public Task<bool> TryReplaceEgressAsync(SandboxInstance next, CancellationToken cancellationToken) =>
        lease.Current is not null ? records.TryReplaceEgressAsync(next, cancellationToken) : Task.FromResult(false);

    public Task<SandboxPage> ListAsync(SandboxQuery query, CancellationToken cancellationToken) =>
        records.ListAsync(query, cancellationToken);

    public Task<IReadOnlyList<SandboxInstance>> DueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        records.DueAsync(now, limit, cancellationToken);

    public Task<int> PurgeAsync(int limit, CancellationToken cancellationToken) =>
        lease.Current is not null ? records.PurgeAsync(limit, cancellationToken) : Task.FromResult(0);
}

/// <summary>The records for the cluster's own duties: under the head's lease, not under that of the node it happens to be.</summary>
internal sealed record DutyRecords(ISandboxStore Store);
