namespace Sandbox.Node.Leases;

/// <summary>The lease to act as this node, kept by its heartbeat and asked by everything else. It knows none of them, because every
/// writer needs it.</summary>
internal sealed class NodeLease(IHostApplicationLifetime lifetime) : INodeLease, IDisposable
{
    private volatile bool _toldToDrain;

    public LeaseSlot Slot { get; } = new();

    public LeaseToken? Current => Slot.Current;

    public bool IsDraining => _toldToDrain || lifetime.ApplicationStopping.IsCancellationRequested;

    public Task<LeaseToken> WhenHeldAsync(CancellationToken cancellationToken) => Slot.WhenHeldAsync(cancellationToken);

    public void Drain(bool told) => _toldToDrain = told;

    public void Dispose() => Slot.Dispose();
}
