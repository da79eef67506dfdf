using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Stores;
using Sandbox.Node.Jobs;
using Sandbox.Node.Leases;
using Sandbox.Node.Membership;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Cluster;

/// <summary>A node's heartbeats, one by one, under a clock of the test's own; the records are in the real store.</summary>
public sealed class NodeMembershipTests : IDisposable
{
    private readonly TempFolder _data = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly FakeNodes _nodes;
    private readonly WorkerHost _worker;

    public NodeMembershipTests()
    {
        _nodes = new FakeNodes(_time);
        _worker = ClusterWorker.Build(_data.Path, _nodes, new FakeLeases(_time), _time);
    }

    private NodeHeartbeat Heartbeat => _worker.Get<NodeHeartbeat>();

    private INodeLease LeaseOfNode => _worker.Get<INodeLease>();

    [Fact]
    public async Task Beat_NobodyHasTheName_HoldsItAndTellsItsFacts()
    {
        Assert.Null(LeaseOfNode.Current);

        Assert.Null(await Heartbeat.BeatAsync(CancellationToken.None));

        Assert.Equal(new Fence("node/node-1", 1), LeaseOfNode.Current?.Fence);
        var node = Assert.Single(await _nodes.ListAsync(CancellationToken.None));
        Assert.Equal(("node-1", 3.0, "eu"), (node.Facts.Name, node.Facts.Capacity.Cpus, node.Facts.Labels["zone"]));
    }

    [Fact]
    public async Task Beat_HeartbeatRefused_StopsActingAndTakesANewEpoch()
    {
        await Heartbeat.BeatAsync(CancellationToken.None);
        var token = LeaseOfNode.Current!;
        _nodes.RefusesHeartbeats = true;

        await Heartbeat.BeatAsync(CancellationToken.None);

        Assert.Null(LeaseOfNode.Current);
        Assert.True(token.Ended.IsCancellationRequested, "what ran under the refused lease was to be told to stop");
        _nodes.RefusesHeartbeats = false;
        await Heartbeat.BeatAsync(CancellationToken.None);
        Assert.Equal(2, LeaseOfNode.Current?.Fence?.Epoch);
    }

    [Fact]
    public async Task Beat_StoreAwayForTwoThirdsOfTheLease_StopsActingByItsOwnClock()
    {
        await Heartbeat.BeatAsync(CancellationToken.None);
        var token = LeaseOfNode.Current!;
        _nodes.Fails = new IOException("the store is away");
        _time.Advance(TimeSpan.FromSeconds(6));
        await Assert.ThrowsAsync<IOException>(() => Heartbeat.BeatAsync(CancellationToken.None));
        Assert.NotNull(LeaseOfNode.Current);

        _time.Advance(TimeSpan.FromSeconds(0.7));

        Assert.Null(LeaseOfNode.Current);
        Assert.True(token.Ended.IsCancellationRequested);
        _nodes.Fails = null;
        await Heartbeat.BeatAsync(CancellationToken.None);
        Assert.Equal(2, LeaseOfNode.Current?.Fence?.Epoch);
    }

    [Fact]
    public async Task Beat_AnotherProcessHasTheName_IsRefusedWithAnErrorThatNamesTheKey()
    {
        await _nodes.TryRegisterAsync(ClusterWorker.Facts("node-1"), "another", TimeSpan.FromMinutes(1), CancellationToken.None);

        var refused = await Heartbeat.BeatAsync(CancellationToken.None);

        Assert.Contains("Worker:NodeName", Assert.IsType<SandboxError.NodeNameTaken>(refused).Text, StringComparison.Ordinal);
        Assert.Null(LeaseOfNode.Current);
    }

    [Fact]
    public async Task Beat_TheNodeIsToldToDrain_ClaimsNoStarts()
    {
        await Heartbeat.BeatAsync(CancellationToken.None);
        await _worker.Get<NodeHealth>().LookAsync(CancellationToken.None);
        Assert.True(NextClaim().TakesStarts);

        await _nodes.SetDrainingAsync("node-1", true, CancellationToken.None);
        await Heartbeat.BeatAsync(CancellationToken.None);

        Assert.False(NextClaim().TakesStarts, "a node that drains was to claim no starts");
    }

    [Fact]
    public async Task Beat_TheProcessWasToldToEnd_SaysThatTheNodeLeaves()
    {
        await Heartbeat.BeatAsync(CancellationToken.None);
        var before = (await _nodes.FindAsync("node-1", CancellationToken.None))!;
        Assert.True(before.TakesCalls, "calls were to go to a node that has just come");

        _worker.Get<IHostApplicationLifetime>().StopApplication();
        await Heartbeat.BeatAsync(CancellationToken.None);

        var node = (await _nodes.FindAsync("node-1", CancellationToken.None))!;
        Assert.False(node.TakesCalls, "no new calls were to go to a node that is about to end");
        Assert.True(node.MayReturn, "calls were to wait for its next life");
    }

    [Fact]
    public async Task Claims_CarryTheFenceTheFreeCapacityAndTheLabels()
    {
        await Heartbeat.BeatAsync(CancellationToken.None);
        using (_worker.Get<NodeCapacityReservations>().Keep(Contracts.Ids.IncarnationId.New(), WorkerHost.Prepare("one").Spec))
        {
            var claim = NextClaim();

            Assert.Equal(new Fence("node/node-1", 1), claim.Fence);
            Assert.Equal((2.0, 768L << 20), (claim.FreeCapacity.Cpus, claim.FreeCapacity.MemoryBytes));
            Assert.Equal(3.0, claim.Capacity.Cpus);
            Assert.Equal("eu", claim.Labels["zone"]);
        }

        Assert.Equal(3.0, NextClaim().FreeCapacity.Cpus);
    }

    [Fact]
    public async Task Moves_OfThisWorker_CarryItsFence_AndAreNotWrittenWithoutIt()
    {
        await Heartbeat.BeatAsync(CancellationToken.None);
        var record = WorkerHost.Prepare("box");
        var job = new Contracts.Jobs.StartSandboxJob { SandboxId = record.Id, SandboxVersion = 1, Incarnation = record.Incarnation };
        Assert.True((await _worker.Records.TryCreateAsync(record, job, CancellationToken.None)).TryGet(out _, out var error), error?.Text);
        var seen = new List<Fence?>();
        var fenced = new FencedSandboxStore(new SeenTransitions(_worker.Records, seen), LeaseOfNode);
        var transition = new SandboxTransition(record, record with { Version = 2 }, Job: null);

        await fenced.TryTransitionAsync(transition, CancellationToken.None);
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.False(
            await fenced.TryTransitionAsync(transition, CancellationToken.None), "a node that lost its lease was to write nothing");
        Assert.False(await fenced.TryUpdateFactsAsync(record, CancellationToken.None), "a node that lost its lease was to write nothing");
        Assert.Equal([new Fence("node/node-1", 1)], seen);
        Assert.IsType<FencedSandboxStore>(_worker.Records);
    }

    public void Dispose()
    {
        _worker.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _data.Dispose();
    }

    private JobClaim NextClaim() => _worker.Get<IJobClaimPolicy>().Of(LeaseOfNode.Current!, new JobSlots(1));
}
