using Microsoft.Extensions.Options;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Stores;
using Sandbox.Node.Jobs;
using Sandbox.Node.Leases;

namespace Sandbox.Node.Membership;

/// <summary>The policy of a node among others, which takes what fits into what it has free, and no start while it drains or can run
/// nothing.</summary>
internal sealed class NodeJobClaimPolicy(
    NodeIdentity node, INodeLease lease, NodeCapacityReservations reservations, NodeHealth health, ISandboxStore records,
    IOptions<NodeOptions> options) : IJobClaimPolicy
{
    public JobClaim Of(LeaseToken token, JobSlots slots) => new(node.Name, slots.Free, JobRunner.Lease)
    {
        Slots = slots,
        Fence = token.Fence,
        FreeCapacity = reservations.Free,
        Capacity = reservations.Whole,
        TakesStarts = !lease.IsDraining && health.Unavailable is null,
        Labels = options.Value.Labels.AsReadOnly(),
        Deployments = health.Kinds,
        Images = health.Images,
    };

    public async Task<IDisposable?> ReserveCapacityAsync(ClaimedJob claimed, CancellationToken cancellationToken) =>
        claimed.Job is StartSandboxJob or RestartSandboxJob or RestoreSandboxJob
        && await records.FindAsync(claimed.Job.SandboxId, cancellationToken) is { } record && record.Incarnation == claimed.Job.Incarnation
            ? reservations.Keep(record.Incarnation, record.Spec)
            : null;
}
