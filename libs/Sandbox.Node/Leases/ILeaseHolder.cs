using Sandbox.Domain.Stores;

namespace Sandbox.Node.Leases;

/// <summary>A lease that may be lost at any moment: to act as a node, or as the head.</summary>
internal interface ILeaseHolder
{
    /// <summary>Null: it is not held now, and nothing is done under it. By this process's own monotonic clock, so that
    /// a process that was asleep knows on waking that it may be another's by now.</summary>
    LeaseToken? Current { get; }

    /// <summary>Completes when it is held.</summary>
    Task<LeaseToken> WhenHeldAsync(CancellationToken cancellationToken);
}

/// <summary>The lease to act as this node.</summary>
internal interface INodeLease : ILeaseHolder
{
    /// <summary>The node is leaving, or was told to empty itself: it takes no new sandboxes.</summary>
    bool IsDraining { get; }
}

/// <summary>The lease to do what only one process of a cluster does.</summary>
internal interface ILeaderLease : ILeaseHolder;

/// <param name="Fence">Goes with each write; null where no other process could write.</param>
/// <param name="Ended">Cancelled when what acts under it has to stop.</param>
internal sealed record LeaseToken(Fence? Fence, CancellationToken Ended);
