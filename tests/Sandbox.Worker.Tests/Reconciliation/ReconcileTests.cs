using Sandbox.Deployments.Local;
using Sandbox.Domain.Lifecycle;
using Sandbox.Node.Agents;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Reconciliation;

public sealed class ReconcileTests : LocalWorkerTests
{
    [Fact]
    public async Task Server_KilledAndStartedAgain_FindsItsSandboxesCountingOn()
    {
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));
        await Worker.ExecAsync(
            record.Id,
            "(i=0; while :; do i=$((i+1)); echo $i > ~/count.next; mv ~/count.next ~/count; sleep 0.05; done) >/dev/null 2>&1 & echo $! "
                + "> ~/pid; while [ ! -f ~/count ]; do sleep 0.01; done");
        var agent = ProcessesOf(record.Incarnation);

        await CrashAndStartAsync();

        var count = int.Parse(await Worker.ExecAsync(record.Id, "cat ~/count"));
        Assert.Equal("counting\n", await Worker.ExecAsync(record.Id, "kill -0 $(cat ~/pid) && echo counting"));
        await WorkerHost.UntilAsync(
            () => int.TryParse(ProcFs.Read(Path.Combine(FolderOf(record.Incarnation).Home, "count")), out var now) && now > count,
            "the count goes on");
        Assert.Contains(agent[0], ProcessesOf(record.Incarnation));
        Assert.Equal(record.Version, (await Worker.Records.FindAsync(record.Id, CancellationToken.None))?.Version);
        Assert.Single(await Local.ListAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Agent_KilledInside_IsLostWithItsReason()
    {
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));

        Kill(FolderOf(record.Incarnation));

        var lost = await Worker.UntilAsync(record.Id, now => now.State is SandboxState.Stopped, "stopped");
        Assert.Equal(SandboxEvent.Lost, lost.History[^1].On);
        Assert.StartsWith("its process ended with exit code 137", lost.Reason, StringComparison.Ordinal);
        Assert.False((await Worker.Gateway.OpenAsync(record.Id, CancellationToken.None)).TryGet(out _, out var error));
        Assert.Equal("Sandbox box is not started (stopped).", error.Text);
        Assert.True(FolderOf(record.Incarnation).Exists, "a lost sandbox can be restarted");
    }

    [Fact]
    public async Task Sandbox_EndedWhileNoServerRan_IsLost()
    {
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));
        var folder = FolderOf(record.Incarnation);
        await Worker.CrashAsync();
        Kill(folder);
        await WorkerHost.UntilAsync(() => ProcessesOf(record.Incarnation).Count == 0, "its processes have ended");

        await StartWorkerAsync();

        var lost = await Worker.UntilAsync(record.Id, now => now.State is SandboxState.Stopped, "stopped");
        Assert.Equal("its process is gone", lost.Reason);
    }

    [Fact]
    public async Task Sandbox_FolderRemovedBehindOurBack_IsLostWithThatReason()
    {
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));
        var local = Local;
        await Worker.CrashAsync();
        await local.EnsureGoneAsync(record.Incarnation, CancellationToken.None);

        await StartWorkerAsync();

        var lost = await Worker.UntilAsync(record.Id, now => now.State is SandboxState.Stopped, "stopped");
        Assert.Equal("it was removed", lost.Reason);
    }

    [Fact]
    public async Task Orphan_NoRecordKnowsIt_IsRemoved()
    {
        var orphan = WorkerHost.Prepare("orphan");
        var folder = FolderOf(orphan.Incarnation);
        var kept = await Worker.RunAsync(WorkerHost.Prepare("box"));
        folder.Create(orphan);
        Worker.Get<AgentLinks>().Ensure(orphan);
        using var started = Worker.Get<LocalLaunch>().Start(
            orphan, folder, await Worker.Get<Bubblewrap>().FindAsync(), hasNetwork: false, groups: []);

        await WorkerHost.UntilAsync(() => !folder.Exists && ProcessesOf(orphan.Incarnation).Count == 0, "the orphan is removed");

        Assert.Equal("1\n", await Worker.ExecAsync(kept.Id, "echo 1"));
    }

    [Fact]
    public async Task Sandbox_StoppedByItsRecord_YetRunning_IsEnded()
    {
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));
        await Worker.Sandboxes.StopAsync(record.Id, StopReason.Asked, CancellationToken.None);

        // As a paused worker might, that finishes a start late.
        var folder = FolderOf(record.Incarnation);
        using var started = Worker.Get<LocalLaunch>().Start(
            record, folder, await Worker.Get<Bubblewrap>().FindAsync(), hasNetwork: false, groups: []);

        await WorkerHost.UntilAsync(() => started.HasExited && ProcessesOf(record.Incarnation).Count == 0, "it is ended again");
        Assert.True(folder.Exists, "its files are kept");
    }

    /// <summary>The first process of its own, as the sandbox's root could.</summary>
    private static void Kill(LocalFolder folder)
    {
        var processes = folder.Processes();
        (processes?.Inner ?? processes?.Outer)?.Kill();
    }
}
