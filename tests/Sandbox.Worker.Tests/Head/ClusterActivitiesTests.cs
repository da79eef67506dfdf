using Microsoft.Extensions.Time.Testing;
using Sandbox.Node.Membership;
using Sandbox.Node.Reconciliation;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Cluster;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Head;

/// <summary>Which nodes the head asks when a sandbox was last used.</summary>
public sealed class ClusterActivitiesTests : IDisposable
{
    private readonly TempFolder _data = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly FakeNodes _nodes;
    private readonly WorkerHost _head;

    public ClusterActivitiesTests()
    {
        _nodes = new FakeNodes(_time);
        _head = ClusterWorker.Build(_data.Path, _nodes, new FakeLeases(_time), _time);
    }

    [Fact]
    public async Task Last_OfASandboxOfItsOwnNode_IsKnownFromMemory()
    {
        await _head.Get<NodeHeartbeat>().BeatAsync(CancellationToken.None);

        Assert.Equal(DateTimeOffset.MinValue, await LastAsync());
    }

    [Fact]
    public async Task Last_WhileAnotherReplicaHasTheNodesName_IsNotTakenFromAMemoryThatHasNone()
    {
        // That replica does not answer now, so it is not known.
        _nodes.Put(ClusterWorker.View("node-1", TimeSpan.Zero));

        var last = await LastAsync();

        Assert.True(
            last is null,
            $"a replica that stands by has none of the node's agents, and was not to say that they were last used at {last}: the sandbox "
                + $"would be stopped in use");
    }

    public void Dispose()
    {
        _head.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _data.Dispose();
    }

    private Task<DateTimeOffset?> LastAsync() =>
        _head.Get<IActivities>().LastAsync(WorkerHost.Prepare("box") with { HostName = "node-1" }, CancellationToken.None);
}
