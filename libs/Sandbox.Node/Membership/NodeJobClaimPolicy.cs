using Microsoft.Extensions.Options;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Stores;
using Sandbox.Node.Jobs;
using Sandbox.Node.Leases;

namespace Sandbox.Node.Membership;

/// <summary>A node among others takes what fits into what it has free, and no start while it drains or can run nothing.</summary>
internal sealed class NodeJobClaimPolicy(
    NodeIdentity node, INodeLease right, NodeCapacityReservations rooms, NodeHealth health, ISandboxStore records,
    IOptions<NodeOptions> options) : IJobClaimPolicy
{
    public JobClaim Of(LeaseToken hold, int limit) => new(node.Name, limit, JobRunner.Lease)
    {
        Fence = hold.Fence,
        Room = rooms.Free,
        Capacity = rooms.Whole,
        TakesStarts = !right.IsDraining && health.Unavailable is null,
        Labels = options.Value.Labels.AsReadOnly(),
        Deployments = health.Kinds,
        Images = health.Images,
    };

    public async Task<IDisposable?> KeepRoomAsync(ClaimedJob claimed, CancellationToken cancellationToken) =>
        claimed.Job is StartSandboxJob or RestartSandboxJob or RestoreSandboxJob
        && await records.FindAsync(claimed.Job.SandboxId, cancellationToken) is { } record && record.Incarnation == claimed.Job.Incarnation
            ? rooms.Keep(record.Incarnation, record.Spec)
            : null;
}
