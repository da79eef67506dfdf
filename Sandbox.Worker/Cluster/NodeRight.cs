namespace Sandbox.Worker.Cluster;

/// <summary>The right to act as this node, kept by <see cref="NodeMembership"/> and asked by everybody else. It knows none of
/// them, because every writer needs it.</summary>
internal sealed class NodeRight(IHostApplicationLifetime lifetime) : INodeRight, IDisposable
{
    private volatile bool _toldToDrain;

    public LeaseSeat Seat { get; } = new();

    public Hold? Current => Seat.Current;

    public bool IsDraining => _toldToDrain || lifetime.ApplicationStopping.IsCancellationRequested;

    public Task<Hold> WhenHeldAsync(CancellationToken cancellationToken) => Seat.WhenHeldAsync(cancellationToken);

    public void Drain(bool told) => _toldToDrain = told;

    public void Dispose() => Seat.Dispose();
}
