using Sandbox.Contracts.Ids;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Node.Deployments;
using Sandbox.Node.Jobs;
using Sandbox.Storage;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Reconciliation;

/// <summary>The same ground as with processes, on a real engine, with the native agent in a bare image without a network.</summary>
public sealed class DockerReconcileTests : IAsyncLifetime
{
    private readonly TempFolder _data = new();
    private readonly DockerCluster _cluster = new();
    private WorkerHost _worker = null!;

    public async ValueTask InitializeAsync()
    {
        if (DockerEngine.WhyMissing is null)
        {
            NativeAgent.Need();
            await DockerTestImage.EnsureAsync();
            await StartWorkerAsync();
        }
    }

    [NeedsDockerTheory]
    [InlineData("kill", "exit code 137")]
    [InlineData("remove", "removed")]
    [InlineData("agent", "exit code")]
    public async Task Container_EndedBehindOurBack_IsLostWithTheReason(string how, string reason)
    {
        var record = await _worker.RunAsync(Prepare("box"));
        var name = ContainerName.Of(record.Incarnation, new WorkerOptions());

        await (how switch
        {
            "kill" => DockerEngine.PostAsync($"containers/{name}/kill", null, CancellationToken.None),
            "remove" => DockerEngine.RemoveContainerAsync(name, CancellationToken.None),
            _ => DockerEngine.ExecAsync(name, "kill -9 $(pidof sandbox-agent)", CancellationToken.None),
        });

        var lost = await _worker.UntilAsync(record.Id, now => now.State is SandboxState.Stopped, "stopped");
        Assert.Equal(SandboxEvent.Lost, lost.History[^1].On);
        Assert.Contains(reason, lost.Reason, StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task Server_KilledAndStartedAgain_FindsItsSandboxCountingOn()
    {
        var record = await _worker.RunAsync(Prepare("box"));
        await _worker.ExecAsync(
            record.Id,
            "(i=0; while :; do i=$((i+1)); echo $i > /tmp/count.next; mv /tmp/count.next /tmp/count; sleep 0.05; done) >/dev/null 2>&1 & "
                + "echo $! > /tmp/pid; while [ ! -f /tmp/count ]; do sleep 0.01; done");

        await _worker.CrashAsync();
        await StartWorkerAsync();

        var count = int.Parse(await _worker.ExecAsync(record.Id, "cat /tmp/count"));
        Assert.Equal(
            "on\n", await _worker.ExecAsync(
                record.Id, $"kill -0 $(cat /tmp/pid) && while [ $(cat /tmp/count) -le {count} ]; do sleep 0.01; done; echo on"));
        Assert.Equal(record.Version, (await _worker.Records.FindAsync(record.Id, CancellationToken.None))?.Version);
        Assert.Single(await _cluster.ContainersAsync(CancellationToken.None));
    }

    [NeedsDockerFact]
    public async Task Sandbox_StoppedRestartedDeleted_KeepsItsFilesAndThenLeavesNothing()
    {
        var record = await _worker.RunAsync(Prepare("box"));
        await _worker.ExecAsync(record.Id, "echo kept > /root-file");
        await _worker.Sandboxes.StopAsync(record.Id, StopReason.Asked, CancellationToken.None);

        await _worker.Sandboxes.RestartAsync(record.Id, CancellationToken.None);
        using var limit = new CancellationTokenSource(WorkerHost.Soon);
        Assert.True((await _worker.Sandboxes.WaitUntilAliveAsync(record.Id, limit.Token)).TryGet(out _, out var error), error?.Text);
        Assert.Equal("kept\n", await _worker.ExecAsync(record.Id, "cat /root-file"));

        await _worker.Sandboxes.StopAsync(record.Id, StopReason.Asked, CancellationToken.None);
        await _worker.Sandboxes.DeleteAsync(record.Id, CancellationToken.None);
        Assert.Empty(await _cluster.ContainersAsync(CancellationToken.None));
    }

    [NeedsDockerFact]
    public async Task Orphan_NoRecordKnowsIt_IsRemovedAndTheOthersStay()
    {
        var record = await _worker.RunAsync(Prepare("box"));
        var orphan = Prepare("orphan");
        using (await _worker.Get<KeyedLock<IncarnationId>>().EnterAsync(orphan.Incarnation, CancellationToken.None))
        {
            // As a worker that died after the engine had made it, and whose record is gone.
            using var phases = new PhaseReporter(orphan, _worker.Records, _worker.Get<FailureReporter>(), TimeProvider.System);
            var started = await Docker.EnsureStartedAsync(new StartOrder(orphan, null), phases, CancellationToken.None);
            Assert.True(started.TryGet(out _, out var error), error?.Text);
            Assert.Equal(2, (await _cluster.ContainersAsync(CancellationToken.None)).Count);
        }

        using var limit = new CancellationTokenSource(WorkerHost.Soon);
        while ((await _cluster.ContainersAsync(CancellationToken.None)).Count > 1)
        {
            Assert.False(limit.IsCancellationRequested, "the orphan was expected to be removed");
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System, CancellationToken.None);
        }

        Assert.Equal("1\n", await _worker.ExecAsync(record.Id, "echo 1"));
    }

    [NeedsDockerFact]
    public async Task Double_OfALabel_KeepsNobodyFromBeingJudged()
    {
        var record = await _worker.RunAsync(Prepare("box"));
        var other = await _worker.RunAsync(Prepare("other"));
        var config =
            (await DockerEngine.InspectAsync(
                ContainerName.Of(record.Incarnation, new WorkerOptions()), CancellationToken.None))!["Config"]!;
        var body = new { Image = DockerTestImage.Name, Cmd = new[] { "true" }, Labels = config["Labels"]!.DeepClone() };
        await DockerEngine.PostAsync(
            $"containers/create?name={ContainerName.Of(record.Incarnation, new WorkerOptions())}-double", body, CancellationToken.None);

        await DockerEngine.RemoveContainerAsync(ContainerName.Of(other.Incarnation, new WorkerOptions()), CancellationToken.None);

        var lost = await _worker.UntilAsync(
            other.Id, now => now.State is SandboxState.Stopped, "stopped, although another's label stands twice");
        Assert.Equal(SandboxEvent.Lost, lost.History[^1].On);
        Assert.Equal(SandboxState.Running, (await _worker.Records.FindAsync(record.Id, CancellationToken.None))?.State);
        Assert.Equal("1\n", await _worker.ExecAsync(record.Id, "echo 1"));
    }

    [NeedsDockerTheory]
    [InlineData("creating")]
    [InlineData("starting")]
    public async Task Start_StopIsAskedMeanwhile_LeavesNoContainer(string step)
    {
        var gate = new StepBarrier(step);
        Docker.AddHook(gate);
        var record = await _worker.SubmitAsync(Prepare("box"));
        await gate.Reached;

        await _worker.Sandboxes.StopAsync(record.Id, StopReason.Asked, CancellationToken.None);

        await gate.Cancelled;
        Assert.Empty(await _cluster.ContainersAsync(CancellationToken.None));
    }

    [NeedsDockerTheory]
    [InlineData("creating")]
    [InlineData("starting")]
    public async Task Start_ServerDiesAtAnyStep_IsFinishedOnceByItsNextLife(string step)
    {
        var gate = new StepBarrier(step);
        Docker.AddHook(gate);
        var record = await _worker.SubmitAsync(Prepare("box"));
        await gate.Reached;

        await _worker.CrashAsync();
        await StartWorkerAsync();

        await _worker.UntilAsync(record.Id, now => now.State is SandboxState.Running, "running");
        Assert.Equal("1\n", await _worker.ExecAsync(record.Id, "echo 1"));
        Assert.Single(await _cluster.ContainersAsync(CancellationToken.None));
    }

    public async ValueTask DisposeAsync()
    {
        if (_worker is not null)
        {
            await _worker.DisposeAsync();
        }

        await _cluster.DisposeAsync();
        _data.Dispose();
    }

    private IDeployment Docker => _worker.Get<DeploymentSet>()[DeploymentKind.Docker];

    private static SandboxInstance Prepare(string id)
    {
        var prepared = WorkerHost.Prepare(id, DeploymentKind.Docker, DockerTestImage.Name);
        return prepared with { Spec = prepared.Spec with { Network = NetworkMode.None, MemoryBytes = 128 << 20, Cpus = 0.5 } };
    }

    private async Task StartWorkerAsync() => _worker = await WorkerHost.StartAsync(
        _data.Path, null, ("Deployment", "docker"), ("ClusterId", _cluster.ClusterId), ("AgentFolder", NativeAgent.Folder));
}
