namespace Sandbox.Worker.Cluster;

/// <summary>Where one process is the whole cluster it is its node and its head, and nobody contests that: the lock of its
/// data folder sees to it.</summary>
internal sealed class SoleProcess : INodeRight, IHeadRight
{
    private static readonly Hold Always = new(Fence: null, CancellationToken.None);

    public Hold? Current => Always;

    public bool IsDraining => false;

    public Task<Hold> WhenHeldAsync(CancellationToken cancellationToken) => Task.FromResult(Always);
}
