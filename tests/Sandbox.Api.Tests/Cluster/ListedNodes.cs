using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tests.Cluster;

/// <summary>A store of nodes that is only ever listed.</summary>
internal sealed class ListedNodes : INodeStore
{
    public IReadOnlyList<NodeView> Nodes { get; set; } = [];

    /// <summary>A Docker node that has just told that it lives.</summary>
    public static NodeView Node(string name, string address = "http://127.0.0.1:1")
    {
        var whole = new NodeCapacity(4, 8L << 30, long.MaxValue, 0);
        var facts = new NodeFacts(
            name, new Uri(address), "127.0.0.1", whole, new Dictionary<string, string>(), [DeploymentKind.Docker], "1");
        return new NodeView(facts, new NodeLoad(whole, 0, Unavailable: null), 1, TimeSpan.Zero, Draining: false, Left: false);
    }

    public Task<IReadOnlyList<NodeView>> ListAsync(CancellationToken cancellationToken) => Task.FromResult(Nodes);

    public Task<Result<Lease>> TryRegisterAsync(NodeFacts facts, string holder, TimeSpan lease, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<bool> TryHeartbeatAsync(Lease node, NodeLoad load, TimeSpan lease, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task LeaveAsync(Lease node, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> SetDrainingAsync(string node, bool draining, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public Task<bool> TryForgetAsync(string node, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<NodeView?> FindAsync(string node, CancellationToken cancellationToken) => throw new NotSupportedException();
}
