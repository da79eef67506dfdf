using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Node.Jobs;
using Sandbox.Node.Leadership;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Cluster;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Head;

/// <summary>What was asked of a node that is gone, with records and jobs in the real store.</summary>
public sealed class StrandedJobsTests : IDisposable
{
    private readonly TempFolder _data = new();
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private readonly WorkerHost _worker;

    public StrandedJobsTests() => _worker = WorkerHost.Build(_data.Path, services => services.AddSingleton<TimeProvider>(_time));

    [Fact]
    public async Task Restart_OnANodeThatIsGone_FailsWithThatReason_AndIsADeadLetter()
    {
        var stopped = await GivenStoppedAsync("box");
        Assert.True((await _worker.Sandboxes.RestartAsync(stopped.Id, CancellationToken.None)).TryGet(out _, out var error), error?.Text);

        await RunAsync();

        var record = await FoundAsync(stopped);
        Assert.Equal(
            (SandboxState.Stopped, SandboxEvent.StartFailed, "its node w1 is gone"), (record.State, record.History[^1].On, record.Reason));
        var letter = Assert.Single(await Jobs.DeadLettersAsync(10, CancellationToken.None));
        Assert.IsType<RestartSandboxJob>(letter.Job);
        Assert.False(await Jobs.HasOpenAsync(record.Id, record.Version, CancellationToken.None), "the stop behind it has gone as well");
    }

    [Theory]
    [InlineData(0, SandboxState.Pending)]
    [InlineData(29.9, SandboxState.Pending)]
    [InlineData(30, SandboxState.Stopped)]
    public async Task Restart_OnANodeThatIsSilent_WaitsForItAsLongAsItsSandboxesDo(double silence, SandboxState expected)
    {
        var stopped = await GivenStoppedAsync("box");
        Assert.True((await _worker.Sandboxes.RestartAsync(stopped.Id, CancellationToken.None)).TryGet(out _, out var error), error?.Text);
        var facts = ClusterWorker.View("w1", TimeSpan.Zero).Facts;
        Assert.True(
            (await _worker.Get<INodeStore>().TryRegisterAsync(facts, "w1", TimeSpan.FromSeconds(10), CancellationToken.None))
            .TryGet(out _, out error), error?.Text);

        _time.Advance(TimeSpan.FromSeconds(silence));
        await RunAsync();

        var state = (await FoundAsync(stopped)).State;
        Assert.True(
            state == expected,
            $"after {silence} s of silence the restart was to be {expected}, not {state}: until the node is given up it may still do it");
    }

    [Fact]
    public async Task Delete_OnANodeThatIsGone_IsAnswered_AndTheIdStartsAgainAfterItsTime()
    {
        var stopped = await GivenStoppedAsync("box");
        var deleting = _worker.Sandboxes.DeleteAsync(stopped.Id, CancellationToken.None);

        await RunAsync();

        Assert.True((await deleting).TryGet(out var deleted, out var error), error?.Text);
        Assert.Equal(SandboxState.Deleted, deleted.State);
        Assert.True(
            (await Jobs.DeadLettersAsync(10, CancellationToken.None)).Count == 0, "the sweep of the node does it, should the node return");
        _time.Advance(ISandboxStore.TombstoneFor);
        var again = WorkerHost.Prepare("box");
        var start = new StartSandboxJob { SandboxId = again.Id, SandboxVersion = again.Version, Incarnation = again.Incarnation };
        Assert.True((await _worker.Records.TryCreateAsync(again, start, CancellationToken.None)).TryGet(out _, out error), error?.Text);
        var next = await Jobs.ClaimAsync(new JobClaim("w2", 10, TimeSpan.FromSeconds(15)), CancellationToken.None);
        Assert.True(next is [{ Job: StartSandboxJob }], "no job of the first life stands before the start of the second");
    }

    [Fact]
    public async Task Commit_OnANodeThatIsGone_HasFailed()
    {
        var stopped = await GivenStoppedAsync("box");
        var begun = new SandboxCommit(stopped.Id, "a/b:c", CommitPhase.Running, _time.GetUtcNow());
        var job = new CommitSandboxJob
        {
            SandboxId = stopped.Id,
            SandboxVersion = stopped.Version,
            Incarnation = stopped.Incarnation,
            ImageTag = begun.ImageTag,
            StartedAt = begun.StartedAt,
        };
        await _worker.Get<ICommitStore>().BeginAsync(begun, job, CancellationToken.None);

        await RunAsync();

        var commit = await _worker.Get<ICommitStore>().FindAsync(stopped.Id, CancellationToken.None);
        Assert.Equal(
            (CommitPhase.Failed, "WORKER_UNREACHABLE", "its node w1 is gone"), (commit?.Phase, commit?.ErrorCode, commit?.ErrorMessage));
    }

    [Fact]
    public async Task Cluster_OfAWorkerAmongOthers_HasThisDuty()
    {
        using var data = new TempFolder();
        await using var worker = ClusterWorker.Build(data.Path, new FakeNodes(_time), new FakeLeases(_time), _time);

        Assert.Single(worker.Get<IEnumerable<IClusterDuty>>(), duty => duty is StrandedJobs);
    }

    public void Dispose()
    {
        _worker.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _data.Dispose();
    }

    private IJobStore Jobs => _worker.Get<IJobStore>();

    private Task RunAsync() =>
        new StrandedJobs(Jobs, _worker.Get<FailedJobHandler>(), _worker.Get<NodeIdentity>(), NullLogger<StrandedJobs>.Instance)
            .RunAsync(CancellationToken.None);

    private async Task<SandboxInstance> FoundAsync(SandboxInstance record) =>
        await _worker.Records.FindAsync(record.Id, CancellationToken.None)
            ?? throw new InvalidOperationException($"{record.Id} has no record");

    /// <summary>On w1, which no heartbeat tells of.</summary>
    private async Task<SandboxInstance> GivenStoppedAsync(string id)
    {
        var pending = WorkerHost.Prepare(id) with { HostName = "w1" };
        var job = new StartSandboxJob { SandboxId = pending.Id, SandboxVersion = pending.Version, Incarnation = pending.Incarnation };
        Assert.True(
            (await _worker.Records.TryCreateAsync(pending, job, CancellationToken.None)).TryGet(out var created, out var error),
            error?.Text);
        var start = Assert.Single(await Jobs.ClaimAsync(new JobClaim("w1", 1, TimeSpan.FromSeconds(15)), CancellationToken.None));
        Assert.True(SandboxTransitions.Alive(created, _time.GetUtcNow()).TryGet(out var alive, out error), error?.Text);
        Assert.True(await _worker.Records.TryTransitionAsync(alive, CancellationToken.None), $"{id} was to run");
        Assert.True(
            _worker.Get<SandboxTransitions>().Lost(alive.Next, "it was removed", _time.GetUtcNow()).TryGet(out var lost, out error),
            error?.Text);
        Assert.True(await _worker.Records.TryTransitionAsync(lost with { Job = null }, CancellationToken.None), $"{id} was to be stopped");
        Assert.True(await Jobs.TryCompleteAsync(start, CancellationToken.None), "the start is done");
        return lost.Next;
    }
}
