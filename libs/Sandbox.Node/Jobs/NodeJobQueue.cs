using Sandbox.Domain.Stores;
using Sandbox.Node.Leases;

namespace Sandbox.Node.Jobs;

/// <summary>The queue of jobs as this node sees it: asks for what its policy says, and keeps capacity free for what it got.</summary>
internal sealed class NodeJobQueue(IJobStore jobs, IJobClaimPolicy policy, NodeIdentity node)
{
    public Task<IReadOnlyList<ClaimedJob>> ClaimAsync(LeaseToken token, JobSlots slots, CancellationToken cancellationToken) =>
        jobs.ClaimAsync(policy.Of(token, slots), cancellationToken);

    /// <inheritdoc cref="IJobClaimPolicy.ReserveCapacityAsync"/>
    public Task<IDisposable?> ReserveCapacityAsync(ClaimedJob claimed, CancellationToken cancellationToken) =>
        policy.ReserveCapacityAsync(claimed, cancellationToken);

    /// <inheritdoc cref="IJobStore.NextDueAsync"/>
    public Task<DateTimeOffset?> NextDueAsync(CancellationToken cancellationToken) => jobs.NextDueAsync(cancellationToken);

    /// <summary>Every claim of an earlier life of this node is void.</summary>
    public Task ReleaseEarlierClaimsAsync(CancellationToken cancellationToken) => jobs.ReleaseAllOfAsync(node.Name, cancellationToken);
}
