using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sandbox.Api.Cluster;
using Sandbox.Cluster;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tests.Cluster;

public sealed class ClusterPlacementTests
{
    private static readonly SandboxSpec Spec = SandboxSpec.FromFlatFields(
        DeploymentKind.Docker, "image", cpus: 2, memoryBytes: 1 << 30, diskBytes: null);

    [Fact]
    public void Check_NodeWithRoom_IsPlaced() => Assert.Null(ClusterPlacement.Check(Spec, [Node("w1")], refuseWhenFull: true));

    [Fact]
    public void Check_NoNodeAlive_IsNoCapacity()
    {
        var silent = Node("w1") with { Silence = NodeView.SuspectAfter };
        var left = Node("w2") with { Left = true };

        Assert.Equal(
            "No capacity: no node of the cluster is alive", ClusterPlacement.Check(Spec, [silent, left], refuseWhenFull: false)?.Text);
    }

    [Fact]
    public async Task Choose_WhenTheFirstNodeHasJustCome_GoesByWhatItRuns()
    {
        var store = new ListedNodes();
        using var directory = new NodeDirectory(store, TimeProvider.System, NullLogger<NodeDirectory>.Instance);
        await directory.RefreshAsync(TestContext.Current.CancellationToken);
        var local = Node("w1");
        store.Nodes = [local with { Facts = local.Facts with { Deployments = [DeploymentKind.Local] } }];

        var chosen = await new ClusterPlacement(directory, Options.Create(new ClusterOptions()))
            .ChooseAsync(TestContext.Current.CancellationToken);

        Assert.True(chosen is DeploymentKind.Local, $"the only node runs Local, and {chosen} was chosen by a picture from before it came");
    }

    [Fact]
    public void Check_NoEngineAnswers_SaysThatDockerIsNotAvailable()
    {
        var error = ClusterPlacement.Check(
            Spec, [Without(Node("w1"), "connection refused"), Without(Node("w2"), "connection refused")], refuseWhenFull: false);

        Assert.Equal("connection refused", Assert.IsType<SandboxError.DockerUnavailable>(error).Reason);
    }

    [Fact]
    public void Check_OneEngineAnswers_IsPlaced() =>
        Assert.Null(ClusterPlacement.Check(Spec, [Without(Node("w1"), "connection refused"), Node("w2")], refuseWhenFull: true));

    [Theory]
    [InlineData(5, 1)]
    [InlineData(1, 9)]
    public void Check_FitsNoNodeEvenWhenEmpty_IsRefusedAtOnce(int cpus, int gigabytes)
    {
        var large = Spec with { Cpus = cpus, MemoryBytes = (long)gigabytes << 30 };

        var error = ClusterPlacement.Check(large, [Node("w1"), Node("w2")], refuseWhenFull: false);

        Assert.Contains("it fits no node", Assert.IsType<SandboxError.NoCapacity>(error).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Check_EveryNodeFull_WaitsOrIsRefusedByPolicy()
    {
        var full = Node("w1") with { Load = new NodeLoad(new NodeCapacity(1, 1 << 20, long.MaxValue, 0), 9, null) };
        var draining = Node("w2") with { Draining = true };

        Assert.Null(ClusterPlacement.Check(Spec, [full, draining], refuseWhenFull: false));
        Assert.Equal("No capacity: every node is full", ClusterPlacement.Check(Spec, [full, draining], refuseWhenFull: true)?.Text);
    }

    [Fact]
    public void Check_NoNodeRunsThatKind_IsNoCapacity() =>
        Assert.IsType<SandboxError.NoCapacity>(
            ClusterPlacement.Check(Spec with { Deployment = DeploymentKind.Local }, [Node("w1")], refuseWhenFull: false));

    private static NodeView Without(NodeView node, string reason) => node with { Load = node.Load with { Unavailable = reason } };

    private static NodeView Node(string name) => ListedNodes.Node(name);
}
