using Sandbox.Domain.Stores;
using Sandbox.Node.Leases;

namespace Sandbox.Node.Jobs;

/// <summary>What this node asks for when it claims jobs, and the room that it keeps for what it got.</summary>
internal interface IJobClaimPolicy
{
    JobClaim Of(LeaseToken hold, int limit);

    /// <summary>From the claim on and not only once the job runs, so that the next claim knows of it. Dispose the answer when
    /// the job has ended.</summary>
    Task<IDisposable?> KeepRoomAsync(ClaimedJob claimed, CancellationToken cancellationToken);
}

/// <summary>The only node takes everything.</summary>
internal sealed class SingleNodeJobClaimPolicy(NodeIdentity node) : IJobClaimPolicy
{
    public JobClaim Of(LeaseToken hold, int limit) => new(node.Name, limit, JobRunner.Lease);

    public Task<IDisposable?> KeepRoomAsync(ClaimedJob claimed, CancellationToken cancellationToken) => Task.FromResult<IDisposable?>(null);
}
