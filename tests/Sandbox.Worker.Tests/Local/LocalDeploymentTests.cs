using System.Runtime.InteropServices;
using Sandbox.Deployments.Local;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Local;

public sealed class LocalDeploymentTests : LocalWorkerTests
{
    [Fact]
    public async Task Sandbox_Started_RunsCommandsInItsOwnFolder()
    {
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));

        Assert.Equal("hi\n", await Worker.ExecAsync(record.Id, "cd && echo hi > file && cat file"));
        Assert.Equal("hi\n", await File.ReadAllTextAsync(Path.Combine(FolderOf(record.Incarnation).Home, "file")));
        Assert.All(record.Phases, phase => Assert.Equal(PhaseStatus.Success, phase.Status));
        Assert.Equal("node-1", record.HostName);
        Assert.Null(record.EffectiveDiskBytes);
    }

    [Fact]
    public async Task Sandbox_StoppedAndRestarted_KeepsItsFilesAndEndsItsProcesses()
    {
        // Without bubblewrap the sandbox sees every process of the machine: the one looked for has to be like no other.
        var sleep = $"sleep {Random.Shared.Next(100_000, 1_000_000)}.{Environment.ProcessId}";
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));
        await Worker.ExecAsync(record.Id, $"echo kept > ~/file; echo kept > /tmp/file; (setsid {sleep} >/dev/null 2>&1 &)");

        var stopped = await Worker.Sandboxes.StopAsync(record.Id, StopReason.Asked, CancellationToken.None);

        Assert.True(stopped.TryGet(out var record2, out var error), error?.Text);
        Assert.Equal(SandboxState.Stopped, record2.State);
        Assert.Empty(ProcessesOf(record.Incarnation));
        Assert.True((await Worker.Sandboxes.RestartAsync(record.Id, CancellationToken.None)).TryGet(out _, out error), error?.Text);
        using var limit = new CancellationTokenSource(WorkerHost.Soon);
        Assert.True((await Worker.Sandboxes.WaitUntilAliveAsync(record.Id, limit.Token)).TryGet(out _, out error), error?.Text);
        Assert.Equal(
            "kept\nkept\n0\n", await Worker.ExecAsync(record.Id, $"cat ~/file /tmp/file; ps ax 2>/dev/null | grep -c '[s]{sleep[1..]}'"));
    }

    [Fact]
    public async Task Sandbox_OfAServerThatWasGivenAnOpenFile_DoesNotGetIt()
    {
        using var temp = new TempFolder();
        var path = temp.File("lent");
        await using var lent = File.Create(path);
        // F_SETFD: open in children, too.
        Assert.Equal(0, FileControl((int)lent.SafeFileHandle.DangerousGetHandle(), command: 2, argument: 0));

        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));

        var processes = ProcessesOf(record.Incarnation);
        Assert.NotEmpty(processes);
        Assert.All(processes, process => Assert.DoesNotContain(
            path,
            Directory.EnumerateFileSystemEntries($"/proc/{process.Pid}/fd").Select(open => new FileInfo(open).LinkTarget)));
    }

    [Fact]
    public async Task Sandbox_Deleted_LeavesNothing()
    {
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));
        await Worker.ExecAsync(record.Id, "mkdir -p ~/locked/in && touch ~/locked/in/file && chmod 0 ~/locked/in ~/locked");
        await Worker.Sandboxes.StopAsync(record.Id, StopReason.Asked, CancellationToken.None);

        await Worker.Sandboxes.DeleteAsync(record.Id, CancellationToken.None);

        Assert.False(FolderOf(record.Incarnation).Exists);
        Assert.False(Directory.Exists(Worker.Get<SandboxFolders>().Socket(record.Incarnation)));
        Assert.Empty(ProcessesOf(record.Incarnation));
    }

    [Fact]
    public async Task Sandbox_BehindBubblewrap_SeesNoMoreThanItMay()
    {
        if (await Worker.Get<Bubblewrap>().FindAsync() is null)
        {
            Assert.Skip("bubblewrap is missing or does not work here");
        }

        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));

        Assert.Equal("sandbox\n", await Worker.ExecAsync(record.Id, "ls /home"));
        Assert.Equal(
            "", await Worker.ExecAsync(record.Id, $"ls -d /root /etc/shadow /sys /var/lib /var/run/docker.sock {Data.Path} 2>/dev/null"));
        Assert.Equal(
            "", await Worker.ExecAsync(
                record.Id,
                "touch /x /usr/x /etc/x /dev/x /.sandbox/x /.sandbox/bin/x /.sandbox/run/x 2>/dev/null; ls /x /usr/x /etc/x /dev/x "
                    + "/.sandbox/x /.sandbox/bin/x /.sandbox/run/x 2>/dev/null"));
        Assert.Equal(
            "refused\n",
            await Worker.ExecAsync(
                record.Id, "(cat /proc/sys/kernel/core_uses_pid > /proc/sys/kernel/core_uses_pid) 2>/dev/null || echo refused"));
        Assert.Equal("0000000000000000\n", await Worker.ExecAsync(record.Id, "grep CapEff /proc/self/status | cut -f2"));
        Assert.Equal(
            "", await Worker.ExecAsync(
                record.Id,
                "rm -f /.sandbox/run/s 2>/dev/null; mount -o remount,rw / 2>/dev/null; touch /x 2>/dev/null; ls /x 2>/dev/null"));
        Assert.True(File.Exists(Worker.Get<SandboxFolders>().SocketFile(record.Incarnation)), "the socket is the owner's");
    }

    [Fact]
    public async Task Sandbox_WithoutNetwork_HasOnlyItsOwnLoopback()
    {
        if (await Worker.Get<Bubblewrap>().FindAsync() is null)
        {
            Assert.Skip("bubblewrap is missing or does not work here");
        }

        var prepared = WorkerHost.Prepare("box");
        var record = await Worker.RunAsync(prepared with { Spec = prepared.Spec with { Network = NetworkMode.None } });

        Assert.Equal("1\n", await Worker.ExecAsync(record.Id, "tail -n +3 /proc/net/dev | grep -c :"));
    }

    [Fact]
    public async Task Restart_FolderIsGone_FailsWithThatReason()
    {
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));
        await Worker.Sandboxes.StopAsync(record.Id, StopReason.Asked, CancellationToken.None);
        await FolderOf(record.Incarnation).RemoveAsync(CancellationToken.None);

        await Worker.Sandboxes.RestartAsync(record.Id, CancellationToken.None);

        using var limit = new CancellationTokenSource(WorkerHost.Soon);
        Assert.False((await Worker.Sandboxes.WaitUntilAliveAsync(record.Id, limit.Token)).TryGet(out _, out var error));
        Assert.Equal("Sandbox box failed to start in phase docker_run: its folder was removed, it cannot be started again", error.Text);
    }

    [Fact]
    public async Task WithoutWalls_Stopped_EndsTheWholeTree()
    {
        // Nothing runs in this one, so no sweep removes what no record knows.
        await using var idle = WorkerHost.Build(Directory.CreateDirectory(Data.File("idle")).FullName);
        var sandbox = WorkerHost.Prepare("box");
        var folder = new LocalFolder(idle.Get<SandboxFolders>().LocalWork(sandbox.Incarnation));
        folder.Create(sandbox);
        var link = idle.Get<AgentLinks>().Ensure(sandbox);
        using var started = idle.Get<LocalLaunch>().Start(sandbox, folder, walls: null, hasNetwork: false, groups: []);
        await link.Connected.WaitAsync(WorkerHost.Soon);
        using var call = new AgentCall(link.Invoker, AgentLink.BaseAddress, () => { });
        var home = await EnvdExec.RunAsync(call, "(setsid sleep 999 >/dev/null 2>&1 &); cd; pwd");
        Assert.Equal(folder.Home + "\n", home);

        await idle.Get<DeploymentSet>()[DeploymentKind.Local].EnsureStoppedAsync(sandbox, CancellationToken.None);

        Assert.Empty(ProcessesOf(sandbox.Incarnation));
        Assert.False(folder.Processes() is { IsAlive: true });
        Assert.True(Directory.Exists(folder.Home), "a stop keeps the files");
    }

    [Fact]
    public async Task Availability_NoAgentProgram_SaysSo()
    {
        await Worker.CrashAsync();
        await StartWorkerAsync(settings: ("ManagedAgent", "/nowhere/agent.dll"));

        var refused = await Worker.Sandboxes.SubmitAsync(WorkerHost.Prepare("box"), null, CancellationToken.None);

        Assert.False(refused.TryGet(out _, out var error));
        Assert.StartsWith("Local sandboxes need the agent's program", error.Text, StringComparison.Ordinal);
        Assert.Null(await Worker.Records.FindAsync(WorkerHost.Prepare("box").Id, CancellationToken.None));
    }

    [Theory]
    [InlineData("UserNamespaces", "required", DeploymentKind.Docker)]
    [InlineData("Runtime", "runsc", DeploymentKind.Docker)]
    [InlineData("UserNamespaces", "preferred", DeploymentKind.Local)]
    public async Task Choice_WithoutAnEngine_IsLocalOnlyWhereNothingOfAnEngineIsDemanded(string name, string value, DeploymentKind chosen)
    {
        await Worker.CrashAsync();
        await StartWorkerAsync(settings: [("Deployment", "auto"), ("DockerHost", "unix:///nowhere.sock"), (name, value)]);

        Assert.Equal(chosen, await Worker.Get<IPlacement>().ChooseAsync(CancellationToken.None));
    }

    [DllImport("libc", EntryPoint = "fcntl")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FileControl(int descriptor, int command, nint argument);
}
