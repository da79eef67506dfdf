using System.Globalization;
using Sandbox.Deployments.Local;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Local;

/// <summary>M8: what the kernel refuses to a Local sandbox, and what it lets it take.</summary>
public sealed class LocalConfinementTests : LocalWorkerTests
{
    /// <summary>Each of these is answered otherwise without the filter, also to a process without any capability.</summary>
    private const string Calls = """
        import ctypes, platform
        libc = ctypes.CDLL(None, use_errno=True)
        x64 = platform.machine() == 'x86_64'
        def tell(name, number, *arguments):
            ctypes.set_errno(0)
            libc.syscall(ctypes.c_long(number), *[ctypes.c_long(one) for one in arguments])
            print(name, ctypes.get_errno())
        tell('unshare', 272 if x64 else 97, 0x10000000)
        tell('clone', 56 if x64 else 220, 0x10000000 | 17, 0, 0, 0, 0)
        tell('keyctl', 250 if x64 else 219, 0, -3, 0)
        tell('io_uring_setup', 425, 1, 0)
        tell('get_mempolicy', 239 if x64 else 236, 0, 0, 0, 0, 0)
        tell('personality', 135 if x64 else 92, 0x0040000)
        tell('clone3', 435, 0, 0)
        tell('newer', 452, -1, 0, 0, 0)
        tell('ciphers', 41 if x64 else 198, 38, 5, 0)
        tell('getpid', 39 if x64 else 172)
        """;

    [Fact]
    public async Task SystemCalls_ThatAContainerMayNotMake_AreRefused()
    {
        await NeedBubblewrapAsync();
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));

        var answers = await Worker.ExecAsync(record.Id, $"cat > /tmp/calls.py <<'END'\n{Calls}\nEND\npython3 /tmp/calls.py");

        Assert.Equal(
            "unshare 1\nclone 1\nkeyctl 1\nio_uring_setup 1\nget_mempolicy 1\npersonality 1\nclone3 38\nnewer 38\nciphers 97\n"
                + "getpid 0\n",
            answers);
        Assert.Equal("2\n", await Worker.ExecAsync(record.Id, "awk '/^Seccomp:/ { print $2 }' /proc/self/status"));
    }

    /// <summary>bubblewrap before 0.8 cannot forbid user namespaces itself.</summary>
    [Fact]
    public async Task UserNamespace_BehindAnOldBubblewrap_CannotBeMade()
    {
        var program = (await NeedBubblewrapAsync()).Program;
        await using var idle = WorkerHost.Build(Directory.CreateDirectory(Data.File("idle")).FullName);
        var sandbox = WorkerHost.Prepare("box");
        var folder = new LocalFolder(idle.Get<SandboxFolders>().LocalWork(sandbox.Incarnation));
        folder.Create(sandbox);
        var link = idle.Get<AgentLinks>().Ensure(sandbox);
        using var started = idle.Get<LocalLaunch>().Start(
            sandbox, folder, new Bubblewrap.IsolationSettings(program, Newer: false), hasNetwork: false, groups: []);
        await link.Connected.WaitAsync(WorkerHost.Soon);
        using var call = new AgentCall(link.Invoker, AgentLink.BaseAddress, () => { });

        var said = await EnvdExec.RunAsync(call, "unshare --user true 2>/dev/null && echo made || echo refused");

        await idle.Get<DeploymentSet>()[DeploymentKind.Local].EnsureStoppedAsync(sandbox, CancellationToken.None);
        Assert.Equal("refused\n", said);
    }

    [Fact]
    public async Task Limits_OfEachProcess_LeaveNoCoreDumpAndNoRealTime()
    {
        await NeedBubblewrapAsync();
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));

        Assert.Equal(
            "0 0\n", await Worker.ExecAsync(record.Id, "echo $(awk '/core file|realtime prio/ { print $(NF-1) }' /proc/self/limits)"));
    }

    [Fact]
    public async Task Limits_OfASandbox_HoldForAllItsProcessesTogether()
    {
        await NeedBubblewrapAsync();
        await NeedControlGroupsAsync();
        var prepared = WorkerHost.Prepare("box");
        var record = await Worker.RunAsync(prepared with { Spec = prepared.Spec with { PidsLimit = 150 } });
        Assert.EndsWith(
            "limits in effect: memory, processors, processes",
            record.Phases.Single(phase => phase.Name == SandboxPhase.DockerRun).Message, StringComparison.Ordinal);

        var children = await Worker.ExecAsync(
            record.Id,
            """
            python3 -c '
            import os, time
            made = []
            try:
                while len(made) < 400:
                    child = os.fork()
                    if child == 0:
                        time.sleep(600)
                        os._exit(0)
                    made.append(child)
            except OSError:
                pass
            for child in made:
                os.kill(child, 9)
            print(len(made))'
            """);
        var hog = await Worker.ExecAsync(record.Id, "python3 -c 'print(len(bytearray(600 << 20)))' 2>/dev/null; echo $?");

        Assert.InRange(int.Parse(children, CultureInfo.InvariantCulture), 1, 149);
        Assert.Equal("137\n", hog);
        Assert.Equal("on\n", await Worker.ExecAsync(record.Id, "echo on"));
    }

    [Fact]
    public async Task ControlGroups_OfADeletedSandbox_AreGone()
    {
        await NeedBubblewrapAsync();
        await NeedControlGroupsAsync();
        var record = await Worker.RunAsync(WorkerHost.Prepare("box"));
        Assert.NotEmpty(GroupsOf(record));

        await Worker.Sandboxes.StopAsync(record.Id, StopReason.Asked, CancellationToken.None);
        await Worker.Sandboxes.DeleteAsync(record.Id, CancellationToken.None);

        await WorkerHost.UntilAsync(() => !GroupsOf(record).Any(), "the sandbox's control groups are gone");
    }

    private static IEnumerable<string> GroupsOf(SandboxInstance record) =>
        ((string[])["", "memory", "pids", "cpu"])
            .Select(controller => Path.Combine("/sys/fs/cgroup", controller, "sandbox.aspire", record.Incarnation.ToString()))
            .Where(Directory.Exists);

    private async Task<Bubblewrap.IsolationSettings> NeedBubblewrapAsync()
    {
        var found = await Worker.Get<Bubblewrap>().FindAsync();
        Assert.SkipWhen(found is null, "bubblewrap is missing or does not work here");
        return found!;
    }

    private async Task NeedControlGroupsAsync()
    {
        var sandbox = WorkerHost.Prepare("probe");
        var made = Worker.Get<ControlGroups>().Make(sandbox.Incarnation, sandbox.Spec);
        await Worker.Get<ControlGroups>().RemoveAsync(sandbox.Incarnation, CancellationToken.None);
        Assert.SkipWhen(made.WhyMissing is not null, $"control groups cannot be made here: {made.WhyMissing}");
    }
}
