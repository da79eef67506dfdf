using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Benchmarks.Stores;

/// <summary>A node of a cluster that runs nothing, and says that it has capacity for everything.</summary>
internal sealed class NullNode
{
    private static readonly TimeSpan LeaseLength = TimeSpan.FromMinutes(2);

    private static readonly NodeCapacity Capacity = new(1e6, 1L << 50, 1L << 60, 0);

    private readonly INodeStore _nodes;
    private readonly Lease _lease;

    private NullNode(INodeStore nodes, string name, Lease lease) => (_nodes, Name, _lease) = (nodes, name, lease);

    public string Name { get; }

    public Fence Fence => _lease.Fence;

    public static async Task<NullNode> RegisterAsync(INodeStore nodes, string name)
    {
        var facts = new NodeFacts(
            name, new Uri("http://127.0.0.1:1"), "127.0.0.1", Capacity, new Dictionary<string, string>(), [DeploymentKind.Docker], "bench");
        return (await nodes.TryRegisterAsync(facts, name, LeaseLength, CancellationToken.None)).TryGet(out var lease, out var error)
            ? new NullNode(nodes, name, lease)
            : throw new InvalidOperationException(error.Text);
    }

    /// <summary>Renews its lease each second, as a node does.</summary>
    public async Task LiveAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            do
            {
                await _nodes.TryHeartbeatAsync(_lease, new NodeLoad(Capacity, 0, null), LeaseLength, CancellationToken.None);
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException)
        {
            // The bench is over.
        }
    }
}
