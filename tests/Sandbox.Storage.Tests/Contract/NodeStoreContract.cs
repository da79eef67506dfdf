using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>What every store of nodes promises.</summary>
public abstract class NodeStoreContract(Func<TimeProvider, ValueTask<ITestedStores>> open) : StoreUnderTest(open)
{
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(15);

    private static readonly NodeLoad Busy = new(new NodeCapacity(1, 2L << 30, long.MaxValue, 0), 3, "the engine does not answer");

    [Fact]
    public async Task Register_WritesTheFactsAndTakesTheLeaseOfTheName()
    {
        var lease = await RegisteredAsync(Facts("n1"), "n1-a");

        Assert.Equal(new Lease("node/n1", "n1-a", 1), lease);
        var node = await FoundAsync("n1");
        AssertSame(Facts("n1"), node.Facts);
        Assert.Equal((1, TimeSpan.Zero, false, false), (node.Epoch, node.Silence, node.Draining, node.Left));
        Assert.Equal(new NodeLoad(Facts("n1").Capacity, 0, null), node.Load);
        Assert.Null(await Leases.TryAcquireAsync("node/n1", "n1-b", Length, CancellationToken));
    }

    [Fact]
    public async Task Register_OfANameThatAnotherProcessHolds_IsRefusedUntilItsLeaseEnds()
    {
        var first = await RegisteredAsync(Facts("n1"), "n1-a");

        var refused = await Nodes.TryRegisterAsync(Facts("n1") with { Version = "2" }, "n1-b", Length, CancellationToken);
        Assert.False(refused.TryGet(out _, out var error));
        Assert.Equal(new SandboxError.NodeNameTaken("n1"), error);
        Assert.Equal("1", (await FoundAsync("n1")).Facts.Version);

        Time.Advance(Length);
        var second = await RegisteredAsync(Facts("n1") with { Version = "2" }, "n1-b");
        Assert.Equal(2, second.Epoch);
        Assert.Equal("2", (await FoundAsync("n1")).Facts.Version);
        Assert.False(await Nodes.TryHeartbeatAsync(first, Busy, Length, CancellationToken), "another process has the name");
        Assert.Equal(2, (await FoundAsync("n1")).Epoch);
        Assert.Equal(0, (await FoundAsync("n1")).Load.Sandboxes);
    }

    [Fact]
    public async Task Register_OfOneNameByManyAtOnce_SucceedsOnce()
    {
        var tries = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(
            () => Nodes.TryRegisterAsync(Facts("n1"), $"n1-{i}", Length, CancellationToken))));

        Assert.Single(tries, registered => registered.TryGet(out _, out _));
    }

    [Fact]
    public async Task Heartbeat_WritesTheLoadAndRenewsTheLease()
    {
        var lease = await RegisteredAsync(Facts("n1"), "n1-a");
        Time.Advance(Length / 2);

        Assert.True(await Nodes.TryHeartbeatAsync(lease, Busy, Length, CancellationToken), "it holds its name");

        Assert.Equal(Busy, (await FoundAsync("n1")).Load);
        Assert.Equal(Length, (await Leases.FindAsync("node/n1", CancellationToken))!.Left);
    }

    [Fact]
    public async Task Silence_IsTheTimeSinceTheLastHeartbeatByTheStoresClock()
    {
        var lease = await RegisteredAsync(Facts("n1"), "n1-a");
        Time.Advance(TimeSpan.FromSeconds(3));
        await Nodes.TryHeartbeatAsync(lease, Busy, Length, CancellationToken);
        Time.Advance(TimeSpan.FromSeconds(4));

        var suspect = await FoundAsync("n1");
        Assert.Equal((TimeSpan.FromSeconds(4), true, false), (suspect.Silence, suspect.IsSuspect, suspect.IsDead));
        Time.Advance(TimeSpan.FromSeconds(6));
        Assert.True((await FoundAsync("n1")).IsDead, "ten seconds of silence are a node's death");
    }

    [Fact]
    public async Task Leave_FreesTheNameAtOnceAndIsSeen_UntilItRegistersAgain()
    {
        var lease = await RegisteredAsync(Facts("n1"), "n1-a");

        await Nodes.LeaveAsync(lease, CancellationToken);

        Assert.True((await FoundAsync("n1")) is { Left: true, IsDead: true }, "it is known as gone at once");
        Assert.False(await Nodes.TryHeartbeatAsync(lease, Busy, Length, CancellationToken), "it gave its lease back");
        await RegisteredAsync(Facts("n1"), "n1-b");
        Assert.False((await FoundAsync("n1")).Left);

        await Nodes.LeaveAsync(lease, CancellationToken);
        Assert.False((await FoundAsync("n1")).Left, "an earlier process cannot make the later one leave");
    }

    [Fact]
    public async Task Drain_IsKept_AlsoWhenTheNodeRegistersAgain()
    {
        await RegisteredAsync(Facts("n1"), "n1-a");

        Assert.True(await Nodes.SetDrainingAsync("n1", true, CancellationToken), "there is such a node");
        Assert.False(await Nodes.SetDrainingAsync("n2", true, CancellationToken), "there is no such node");
        await RegisteredAsync(Facts("n1"), "n1-a");
        Assert.True((await FoundAsync("n1")).Draining, "only the operator who drains a node takes that back");

        await Nodes.SetDrainingAsync("n1", false, CancellationToken);
        Assert.False((await FoundAsync("n1")).Draining);
    }

    [Fact]
    public async Task Forget_WhileSandboxesRunThere_IsRefused_SoThatTheyCanBeCalledLost()
    {
        await RegisteredAsync(Facts("n1"), "n1-a");
        Time.Advance(Length);
        var pending = await CreatedAsync(Given.Pending() with { HostName = "n1" });
        var running = pending.Apply(SandboxEvent.Alive);
        Assert.True(await Records.TryTransitionAsync(new SandboxTransition(pending, running, null), CancellationToken));

        Assert.False(
            await Nodes.TryForgetAsync("n1", CancellationToken),
            "a sandbox is recorded as running there, and nobody else can tell that it is lost");

        Assert.True(
            await Records.TryTransitionAsync(new SandboxTransition(running, running.Apply(SandboxEvent.Lost), null), CancellationToken));
        Assert.True(await Nodes.TryForgetAsync("n1", CancellationToken), "nothing runs there any more");
    }

    [Fact]
    public async Task Forget_OfALivingNode_IsRefused_AndItsEpochNeverGoesBack()
    {
        await RegisteredAsync(Facts("n1"), "n1-a");
        Assert.False(await Nodes.TryForgetAsync("n1", CancellationToken), "it lives");
        Assert.False(await Nodes.TryForgetAsync("n2", CancellationToken), "there is no such node");

        Time.Advance(Length);
        Assert.True(await Nodes.TryForgetAsync("n1", CancellationToken), "its lease has ended");

        Assert.Null(await Nodes.FindAsync("n1", CancellationToken));
        Assert.Equal(2, (await RegisteredAsync(Facts("n1"), "n1-b")).Epoch);
    }

    [Fact]
    public async Task List_IsByName()
    {
        foreach (var name in new[] { "b", "a", "c" })
        {
            await RegisteredAsync(Facts(name), name);
        }

        Assert.Equal(["a", "b", "c"], (await Nodes.ListAsync(CancellationToken)).Select(node => node.Facts.Name));
    }

    private static NodeFacts Facts(string name) => new(
        name, new Uri("http://10.0.0.7:8090"), "10.0.0.7", new NodeCapacity(8, 16L << 30, long.MaxValue, 0.5),
        new Dictionary<string, string> { ["zone"] = "a" }, [DeploymentKind.Docker, DeploymentKind.Local], "1");

    private static void AssertSame(NodeFacts expected, NodeFacts actual)
    {
        Assert.Equal(expected.Labels, actual.Labels);
        Assert.Equal(expected.Deployments, actual.Deployments);
        Assert.Equal(expected, actual with { Labels = expected.Labels, Deployments = expected.Deployments });
    }

    private async Task<Lease> RegisteredAsync(NodeFacts facts, string holder)
    {
        Assert.True(
            (await Nodes.TryRegisterAsync(facts, holder, Length, CancellationToken)).TryGet(out var lease, out var error), error?.Text);
        return lease;
    }

    private async Task<NodeView> FoundAsync(string name) =>
        await Nodes.FindAsync(name, CancellationToken) ?? throw new InvalidOperationException($"node {name} has no record");
}
