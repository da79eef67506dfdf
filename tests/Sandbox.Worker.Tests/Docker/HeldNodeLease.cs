using Sandbox.Domain.Stores;
using Sandbox.Node.Leases;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>The lease of a node that never loses it.</summary>
internal sealed class HeldNodeLease(long epoch) : INodeLease
{
    public LeaseToken? Current { get; } = new(new Fence("node/node-1", epoch), CancellationToken.None);

    public bool IsDraining => false;

    public Task<LeaseToken> WhenHeldAsync(CancellationToken cancellationToken) => Task.FromResult(Current!);
}
