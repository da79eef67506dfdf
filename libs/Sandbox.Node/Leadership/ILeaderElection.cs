using Sandbox.Domain.Stores;

namespace Sandbox.Node.Leadership;

/// <summary>Decides which node holds the head's lease.</summary>
internal interface ILeaderElection
{
    /// <summary>Of the lease, as it was last told.</summary>
    TimeSpan Length { get; }

    /// <summary>Until the lease is asked for again.</summary>
    TimeSpan Pause { get; }

    /// <summary>Completes once the node knows what it is to be; false: it never is the head, and nothing is asked for.</summary>
    Task<bool> MayStandAsync(CancellationToken cancellationToken);

    /// <summary>Null: another is the head.</summary>
    Task<Lease?> TryTakeAsync(CancellationToken cancellationToken);

    /// <summary>False: it is not the head any more.</summary>
    Task<bool> TryKeepAsync(Lease lease, CancellationToken cancellationToken);

    /// <summary>Told, or found by its own clock: it is not the head any more.</summary>
    void OnLost();

    /// <summary>The process ends, and gives back what it holds.</summary>
    Task LeaveAsync(Lease? lease, CancellationToken cancellationToken);
}

/// <summary>The election by the store: the node that takes the lease there is the head, and every node may be it.</summary>
internal sealed class StoreElection(ILeaseStore leases, NodeIdentity node) : ILeaderElection
{
    private readonly string _holder = Domain.Heads.HeadHolder.Of(node.Name, $"{Guid.NewGuid():N}");

    public TimeSpan Length => LeaderLease.Length;

    public TimeSpan Pause => LeaderLease.Every;

    public Task<bool> MayStandAsync(CancellationToken cancellationToken) => Task.FromResult(true);

    public Task<Lease?> TryTakeAsync(CancellationToken cancellationToken) =>
        leases.TryAcquireAsync(Lease.Head, _holder, Length, cancellationToken);

    public Task<bool> TryKeepAsync(Lease lease, CancellationToken cancellationToken) =>
        leases.TryRenewAsync(lease, Length, cancellationToken);

    public void OnLost()
    {
        // The next round asks again.
    }

    public Task LeaveAsync(Lease? lease, CancellationToken cancellationToken) =>
        lease is null ? Task.CompletedTask : leases.ReleaseAsync(lease, cancellationToken);
}
