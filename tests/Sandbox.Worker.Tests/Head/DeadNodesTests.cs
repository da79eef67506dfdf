using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Node.Leadership;
using Sandbox.Node.Leases;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Cluster;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Head;

/// <summary>What becomes of the sandboxes of silent nodes, with records in the real store.</summary>
public sealed class DeadNodesTests : IDisposable
{
    private readonly TempFolder _data = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly FakeNodes _nodes;
    private readonly WorkerHost _worker;

    public DeadNodesTests()
    {
        _nodes = new FakeNodes(_time);
        _worker = WorkerHost.Build(_data.Path, services => services.AddSingleton<TimeProvider>(_time));
    }

    [Theory]
    [InlineData(29.9, SandboxState.Running)]
    [InlineData(30, SandboxState.Stopped)]
    public async Task Judge_NodeSilent_ItsSandboxesAreLostAfterTheGrace(double silence, SandboxState expected)
    {
        var record = await GivenRunningAsync("box", "w1");
        _nodes.Put(ClusterWorker.View("w1", TimeSpan.FromSeconds(silence)));

        await JudgeAsync();

        var judged = await _worker.Records.FindAsync(record.Id, CancellationToken.None);
        Assert.Equal(expected, judged?.State);
        Assert.Equal(expected is SandboxState.Stopped ? "its node w1 is gone, silent for 30 s" : null, judged?.Reason);
    }

    [Fact]
    public async Task Judge_NodeSilent_SandboxesOfOthersAndMoreThanAPageOfItsOwn_AreToldApart()
    {
        var others = await GivenRunningAsync("other", "w2");
        foreach (var number in Enumerable.Range(0, 201))
        {
            await GivenRunningAsync($"box-{number}", "w1");
        }

        _nodes.Put(ClusterWorker.View("w1", TimeSpan.FromMinutes(1)));
        _nodes.Put(ClusterWorker.View("w2", TimeSpan.Zero));

        await JudgeAsync();

        var running = await _worker.Records.ListAsync(
            new SandboxQuery([SandboxState.Running], new Dictionary<string, string>()), CancellationToken.None);
        Assert.Equal([others.Id], running.Items.Select(record => record.Id));
    }

    public void Dispose()
    {
        _worker.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _data.Dispose();
    }

    private Task JudgeAsync() =>
        new DeadNodes(
            _nodes, _worker.Get<DutyRecords>(), _worker.Get<SandboxTransitions>(), _time,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<DeadNodes>.Instance).RunAsync(CancellationToken.None);

    private async Task<SandboxInstance> GivenRunningAsync(string id, string node)
    {
        var pending = WorkerHost.Prepare(id) with { HostName = node };
        var job = new StartSandboxJob { SandboxId = pending.Id, SandboxVersion = pending.Version, Incarnation = pending.Incarnation };
        Assert.True(
            (await _worker.Records.TryCreateAsync(pending, job, CancellationToken.None)).TryGet(out var created, out var error),
            error?.Text);
        Assert.True(SandboxTransitions.Alive(created, _time.GetUtcNow()).TryGet(out var transition, out error), error?.Text);
        Assert.True(await _worker.Records.TryTransitionAsync(transition, CancellationToken.None), $"{id} was to run");
        return transition.Next;
    }
}
