using System.Text;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;
using Sandbox.Node.Deployments;
using Sandbox.Testing;
using Sandbox.Testing.Clusters;

namespace Sandbox.Worker.Tests.Docker;

public sealed class DockerLifecycleTests(DockerHarness docker) : IClassFixture<DockerHarness>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [NeedsDockerFact]
    public async Task Stop_Twice_EndsItOnceAndKeepsIt()
    {
        var sandbox = await docker.StartAsync(null, Token);

        await docker.Deployment.EnsureStoppedAsync(sandbox, Token);
        await docker.Deployment.EnsureStoppedAsync(sandbox, Token);

        Assert.Equal("exited", (string)(await DockerHarness.InspectAsync(sandbox, Token))!["State"]!["Status"]!);
    }

    [NeedsDockerFact]
    public async Task Stop_OfAProgramThatDoesNotListen_KillsIt()
    {
        var deployment = docker.NewDeployment(command: ["/bin/sh", "-c", "trap '' TERM; touch /tmp/deaf; while :; do sleep 1; done"]);
        var sandbox = DockerHarness.GivenSandbox();
        await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);
        await Wait.UntilAsync(
            async () => (await DockerHarness.RunAsync(sandbox, "test -f /tmp/deaf", Token)).ExitCode is 0, () =>
                "the program has come to where it does not listen");

        await deployment.EnsureStoppedAsync(sandbox, Token);

        Assert.Equal(137, (int)(await DockerHarness.InspectAsync(sandbox, Token))!["State"]!["ExitCode"]!);
    }

    [NeedsDockerFact]
    public async Task Stop_OfWhatWasNeverMade_IsDone() =>
        await docker.Deployment.EnsureStoppedAsync(DockerHarness.GivenSandbox(), Token);

    [NeedsDockerFact]
    public async Task Use_GrowsWithWhatRunsInside_AndIsNoneOfWhatDoesNotRun()
    {
        var sandbox = await docker.StartAsync(null, Token);

        var before = await docker.Deployment.UseAsync(sandbox.Incarnation, Token);
        await DockerHarness.RunAsync(
            sandbox, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; head -c 8388608 /dev/zero > /dev/shm/held", Token);
        var after = await docker.Deployment.UseAsync(sandbox.Incarnation, Token);
        await docker.Deployment.EnsureStoppedAsync(sandbox, Token);

        Assert.True(after?.CpuSeconds > before?.CpuSeconds, $"a loop was to cost CPU: {before} then {after}");
        Assert.True(
            after?.MemoryBytes is > 8_000_000 and < 64 << 20,
            $"a file of 8 MiB in memory was to count, and no more than the limit: {before} then {after}");
        Assert.Null(await docker.Deployment.UseAsync(sandbox.Incarnation, Token));
        Assert.Null(await docker.Deployment.UseAsync(IncarnationId.New(), Token));
    }

    [NeedsDockerFact]
    public async Task Log_OfAContainer_IsWhatBothItsStreamsHold_AndAFollowedOneEndsWithIt()
    {
        var deployment = docker.NewDeployment(
            command: ["/bin/sh", "-c", "echo out; echo err >&2; while [ ! -e /tmp/go ]; do sleep 0.1; done; echo last"]);
        var sandbox = DockerHarness.GivenSandbox();
        await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);
        var followed = LogAsync(deployment, sandbox, new LogQuery(Follow: true));

        await DockerHarness.RunAsync(sandbox, "touch /tmp/go", Token);

        Assert.Equal(
            ["err", "last", "out"],
            (await followed).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
        Assert.Equal("last\n", await LogAsync(deployment, sandbox, new LogQuery(Tail: 1)));
        Assert.Equal(
            "", await LogAsync(deployment, sandbox, new LogQuery(Since: TimeProvider.System.GetUtcNow().AddHours(1))));
        await deployment.EnsureGoneAsync(sandbox.Incarnation, Token);
        Assert.False((await deployment.OpenLogAsync(sandbox, new LogQuery(), Token)).TryGet(out _, out var error));
        Assert.IsType<SandboxError.NoLog>(error);
    }

    [NeedsDockerFact]
    public async Task Restart_AfterAStop_KeepsFilesAndContainer()
    {
        var sandbox = await docker.StartAsync(null, Token);
        await DockerHarness.RunAsync(sandbox, "echo kept > /root/file", Token);
        await docker.Deployment.EnsureStoppedAsync(sandbox, Token);
        var phases = new RecordedPhases();

        var restarted = await docker.Deployment.EnsureRestartedAsync(
            sandbox with { EffectiveDiskBytes = 5, EffectiveLogBytes = 4 }, phases, Token);
        var again = await docker.Deployment.EnsureRestartedAsync(sandbox, new RecordedPhases(), Token);

        Assert.True(restarted.TryGet(out var value, out var error), error?.Text);
        Assert.True(again.TryGet(out _, out error), error?.Text);
        Assert.Equal(new StartedSandbox(EffectiveDiskBytes: 5, EffectiveLogBytes: 4, "none"), value);
        Assert.Equal((0, "kept"), await DockerHarness.RunAsync(sandbox, "cat /root/file", Token));
        Assert.Equal(["image_pull Success", "docker_run Running"], phases.Steps);
    }

    [NeedsDockerFact]
    public async Task Restart_OfAContainerRemovedBehindOurBack_SaysThatItsFilesAreGone()
    {
        var sandbox = await docker.StartAsync(null, Token);
        await docker.Deployment.EnsureStoppedAsync(sandbox, Token);
        await DockerEngine.RemoveContainerAsync(DockerHarness.NameOf(sandbox), Token);
        var phases = new RecordedPhases();

        var error = DockerHarness.Failure<SandboxError.StartFailed>(await docker.Deployment.EnsureRestartedAsync(sandbox, phases, Token));

        Assert.Equal((SandboxPhase.DockerRun, "its container was removed, its files are gone"), (error.Phase, error.Reason));
        Assert.Equal("docker_run Failed", phases.Steps.Last());
    }

    [NeedsDockerFact]
    public async Task Restart_OfAKataSandboxWhoseDiskImageIsMissing_IsRefusedWithThatReason()
    {
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { UseKata = true });

        var error = DockerHarness.Failure<SandboxError.StartFailed>(
            await docker.Deployment.EnsureRestartedAsync(sandbox, new RecordedPhases(), Token));

        Assert.Equal("its disk image is missing, it cannot be started again", error.Reason);
    }

    [NeedsDockerFact]
    public async Task Gone_Twice_RemovesContainerVolumesAndFolder()
    {
        var tag = $"sandbox-test-volume-{Guid.NewGuid():N}:latest";
        await using var image = await TestImage.WithAsync(tag, $"FROM {DockerTestImage.Name}\nVOLUME /volume\n", Token);
        var sandbox = await docker.StartAsync(spec => spec with { Image = tag }, Token);
        var volume = (string)(await DockerHarness.InspectAsync(sandbox, Token))!["Mounts"]!.AsArray()
            .Single(mount => (string)mount!["Type"]! == "volume")!["Name"]!;

        await docker.Deployment.EnsureGoneAsync(sandbox.Incarnation, Token);
        await docker.Deployment.EnsureGoneAsync(sandbox.Incarnation, Token);

        Assert.Null(await DockerHarness.InspectAsync(sandbox, Token));
        Assert.Null(await DockerEngine.GetAsync($"volumes/{volume}", Token));
        Assert.False(Directory.Exists(docker.Folders.Socket(sandbox.Incarnation)), "the folder of the socket was to go with the container");
    }

    [NeedsDockerFact]
    public async Task Gone_OfASandboxWhoseImageIsToGo_RemovesItOnceNothingUsesIt()
    {
        var tag = $"sandbox-test-image-{Guid.NewGuid():N}:latest";
        await using var image = await TestImage.WithAsync(tag, $"FROM {DockerTestImage.Name}\nLABEL only=here\n", Token);
        var first = await docker.StartAsync(spec => spec with { Image = tag, RemoveImage = true }, Token);
        var second = await docker.StartAsync(spec => spec with { Image = tag, RemoveImage = true }, Token);

        await docker.Deployment.EnsureGoneAsync(first.Incarnation, Token);
        var meanwhile = await DockerEngine.GetAsync($"images/{tag}/json", Token);
        await docker.Deployment.EnsureGoneAsync(second.Incarnation, Token);

        Assert.NotNull(meanwhile);
        Assert.Null(await DockerEngine.GetAsync($"images/{tag}/json", Token));
    }

    [NeedsDockerFact]
    public async Task List_OfACluster_ShowsItsOwnAndWhyThoseThatDoNotRunEnded()
    {
        var running = await docker.StartAsync(null, Token);
        var stopped = await docker.StartAsync(null, Token);
        await docker.Deployment.EnsureStoppedAsync(stopped, Token);
        await using var other = new DockerCluster();
        var foreign =
            new { Image = DockerTestImage.Name, Labels = new Dictionary<string, string> { [DockerCluster.Label] = other.ClusterId } };
        await DockerEngine.PostAsync("containers/create", foreign, Token);

        var found = await docker.Deployment.ListAsync(Token);

        Assert.Equal(new FoundSandbox(running.Incarnation, running.Id, true, null), found.Single(one => one.SandboxId == running.Id));
        Assert.Equal(
            new FoundSandbox(stopped.Incarnation, stopped.Id, false, "exit code 143"), found.Single(one => one.SandboxId == stopped.Id));
        Assert.Equal((await docker.ContainersAsync(Token)).Count, found.Count);
    }

    [NeedsDockerFact]
    public async Task WhenEnded_OfAProgramThatEnds_TellsItsExitCode()
    {
        var deployment = docker.NewDeployment(command: ["/bin/sh", "-c", "exit 9"]);
        var sandbox = DockerHarness.GivenSandbox();
        await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);

        Assert.Equal("exit code 9", await deployment.WhenEndedAsync(sandbox.Incarnation, Token));
    }

    [NeedsDockerFact]
    public async Task WhenEnded_OfAProgramThatTakesTooMuchMemory_SaysOutOfMemory()
    {
        var deployment = docker.NewDeployment(command: DockerHarness.MemoryHog);
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { MemoryBytes = 16 << 20 });
        await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);
        await DockerHarness.LetGoAsync(sandbox, Token);

        Assert.Equal("out of memory, exit code 9", await deployment.WhenEndedAsync(sandbox.Incarnation, Token));
    }

    [NeedsDockerFact]
    public async Task WhenEnded_OfAContainerRemovedBehindOurBack_SaysSo()
    {
        var sandbox = await docker.StartAsync(null, Token);
        var ended = docker.Deployment.WhenEndedAsync(sandbox.Incarnation, Token);

        await DockerEngine.RemoveContainerAsync(DockerHarness.NameOf(sandbox), Token);

        Assert.Contains(await ended, (string[])["its container was removed", "exit code 137", "its container is being removed"]);
        Assert.Equal("its container was removed", await docker.Deployment.WhenEndedAsync(sandbox.Incarnation, Token));
    }

    [NeedsDockerFact]
    public async Task Start_WithDockerArgs_AppliesThem()
    {
        var sandbox = await docker.StartAsync(
            spec => spec with
            {
                DockerArgs = ["--shm-size=32m", "--ulimit", "nofile=321:654", "--tmpfs=/scratch:size=1m", "--hostname=box",
                "--add-host=db:10.9.8.7"]
            }, Token);

        var (_, said) = await DockerHarness.RunAsync(
            sandbox, "hostname; ulimit -Hn; grep -c ' /scratch tmpfs' /proc/mounts; grep db /etc/hosts; df -k /dev/shm | tail -1 | awk "
                + "'{print $2}'", Token);

        Assert.Equal(["box", "654", "1", "10.9.8.7\tdb", "32768"], said.Split('\n'));

        // Asked of the engine: its runtime now and then raises the soft limit of a process that enters a container to the hard one.
        var ulimit = (await DockerHarness.InspectAsync(sandbox, Token))!["HostConfig"]!["Ulimits"]!.AsArray()
            .Single(one => (string)one!["Name"]! == "nofile");
        Assert.Equal(321, (int)ulimit!["Soft"]!);
    }

    [NeedsDockerFact]
    public async Task Start_OfAnySandbox_LeavesNoCoreDumpsAndNoRealTimePriority()
    {
        var sandbox = await docker.StartAsync(null, Token);

        var (_, said) = await DockerHarness.RunAsync(sandbox, "grep -E 'core file|realtime priority' /proc/self/limits", Token);

        Assert.Equal(
            ["Max core file size 0 0 bytes", "Max realtime priority 0 0"],
            said.Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries))));
    }

    [NeedsDockerFact]
    public async Task Start_WithAPidsLimit_StopsAForkBombInside()
    {
        var sandbox = await docker.StartAsync(spec => spec with { PidsLimit = 12 }, Token);

        var (_, said) = await DockerHarness.RunAsync(
            sandbox, "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13; do sleep 100 & done 2>&1; echo after", Token);

        Assert.Contains("can't fork", said, StringComparison.Ordinal);
    }

    [NeedsDockerTheory]
    [InlineData(NetworkMode.None, "lo")]
    [InlineData(NetworkMode.Bridge, "eth0 lo")]
    public async Task Start_WithANetwork_HasThatAndNoOther(NetworkMode network, string interfaces)
    {
        var sandbox = await docker.StartAsync(spec => spec with { Network = network }, Token);

        var (_, said) = await DockerHarness.RunAsync(sandbox, "ls /sys/class/net", Token);

        Assert.Equal(interfaces, string.Join(' ', said.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
            .Where(name => name is "lo" || name.StartsWith("eth", StringComparison.Ordinal))));
    }

    private static async Task<string> LogAsync(IDeployment deployment, SandboxInstance sandbox, LogQuery query)
    {
        var opened = await deployment.OpenLogAsync(sandbox, query, Token);
        Assert.True(opened.TryGet(out var log, out var error), error?.Text);
        using (log)
        {
            using var text = new MemoryStream();
            await foreach (var piece in log.Pieces.WithCancellation(Token))
            {
                text.Write(piece.Span);
            }

            return Encoding.UTF8.GetString(text.ToArray());
        }
    }
}
