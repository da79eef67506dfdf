using Sandbox.Domain.Stores;
using Sandbox.Node.Leases;

namespace Sandbox.Node.Jobs;

/// <summary>Decides what this node asks for when it claims jobs, and reserves capacity for what it got.</summary>
internal interface IJobClaimPolicy
{
    /// <param name="slots">Of this node now.</param>
    JobClaim Of(LeaseToken token, JobSlots slots);

    /// <summary>Reserves from the claim on and not only once the job runs, so that the next claim knows of it. Dispose the answer when
    /// the job has ended.</summary>
    Task<IDisposable?> ReserveCapacityAsync(ClaimedJob claimed, CancellationToken cancellationToken);
}

/// <summary>The policy of the only node, which takes everything.</summary>
internal sealed class SingleNodeJobClaimPolicy(NodeIdentity node) : IJobClaimPolicy
{
    public JobClaim Of(LeaseToken token, JobSlots slots) => new(node.Name, slots.Free, JobRunner.Lease) { Slots = slots };

    public Task<IDisposable?> ReserveCapacityAsync(ClaimedJob claimed, CancellationToken cancellationToken) =>
        Task.FromResult<IDisposable?>(null);
}
