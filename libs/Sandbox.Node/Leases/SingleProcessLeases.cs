namespace Sandbox.Node.Leases;

/// <summary>The leases of a process that is the whole cluster: it is its node and its head, and no other contests that; the lock of its
/// data folder sees to it.</summary>
internal sealed class SingleProcessLeases : INodeLease, ILeaderLease
{
    private static readonly LeaseToken Always = new(Fence: null, CancellationToken.None);

    public LeaseToken? Current => Always;

    public bool IsDraining => false;

    public Task<LeaseToken> WhenHeldAsync(CancellationToken cancellationToken) => Task.FromResult(Always);
}
