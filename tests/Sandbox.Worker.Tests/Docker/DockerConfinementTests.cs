using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Docker.DotNet.Models;
using Sandbox.Contracts.Agent;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>What a sandbox may do, as the engine has it and as its root finds it.</summary>
public sealed class DockerConfinementTests(DockerHarness docker) : IClassFixture<DockerHarness>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [NeedsDockerFact]
    public async Task Container_ByDefault_IsUnprivilegedAndLimited()
    {
        var sandbox = await docker.StartAsync(
            spec => spec with
            {
                Network = NetworkMode.Bridge,
                PidsLimit = 99,
                Env = new Dictionary<string, string> { ["SECRET"] = "s3cret" }
            }, Token);

        var found = (await DockerHarness.InspectAsync(sandbox, Token))!;
        var host = found["HostConfig"]!;

        Assert.Equal(["ALL"], Texts(host["CapDrop"]));
        Assert.Equal(
            ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETPCAP", "SETUID"],
            Texts(host["CapAdd"]).Select(name => name.Replace("CAP_", "", StringComparison.Ordinal)).Order());
        Assert.Equal(["no-new-privileges"], Texts(host["SecurityOpt"]));
        Assert.False((bool)host["Privileged"]!);
        Assert.True((bool)host["Init"]!);
        Assert.Equal((64 << 20, 64 << 20), ((long)host["Memory"]!, (long)host["MemorySwap"]!));
        Assert.Equal((500_000_000, 0), ((long)host["NanoCpus"]!, (long)host["CpuShares"]!));
        Assert.Equal(
            (99, "no"), ((long)host["PidsLimit"]!, (string)host["RestartPolicy"]!["Name"]!));
        Assert.StartsWith("sandbox-", (string)host["NetworkMode"]!, StringComparison.Ordinal);
        Assert.Equal("0:0", (string)found["Config"]!["User"]!);
        Assert.DoesNotContain("s3cret", found.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("docker.sock", found.ToJsonString(), StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task Container_ThatAsksForEveryProcessNumberOfTheMachine_GetsAQuarterOfThem()
    {
        var sandbox = await docker.StartAsync(spec => spec with { PidsLimit = int.MaxValue }, Token);

        // The machine's own: newer kernels tell a container another number, and still give it one of the machine's for each process.
        var numbers = await File.ReadAllTextAsync("/proc/sys/kernel/pid_max", Token);
        var limit = (long)(await DockerHarness.InspectAsync(sandbox, Token))!["HostConfig"]!["PidsLimit"]!;
        Assert.Equal(long.Parse(numbers, System.Globalization.CultureInfo.InvariantCulture) / 4, limit);
    }

    [NeedsDockerFact]
    public async Task Process_OfASandbox_IsEndedBeforeTheMachinesOwnWhereNoMemoryIsLeft()
    {
        var sandbox = await docker.SharedAsync(Token);

        var (_, printed) = await DockerHarness.RunAsync(
            sandbox, "cat /proc/1/oom_score_adj; echo -1 >/proc/self/oom_score_adj; cat /proc/self/oom_score_adj", Token);

        Assert.StartsWith("500\n", printed, StringComparison.Ordinal);
        Assert.EndsWith("\n500", printed, StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task Container_Carries_OurLabelsAndNothingElse()
    {
        var sandbox = await docker.StartAsync(null, Token);

        var labels = (await DockerHarness.InspectAsync(sandbox, Token))!["Config"]!["Labels"]!.AsObject()
            .Where(label => !label.Key.EndsWith("/busybox", StringComparison.Ordinal))
                .ToDictionary(label => label.Key, label => (string)label.Value!);

        Assert.Equal(
            new Dictionary<string, string>
            {
                ["sandbox.aspire/cluster"] = docker.ClusterId,
                ["sandbox.aspire/sandbox"] = sandbox.Id.ToString(),
                ["sandbox.aspire/incarnation"] = sandbox.Incarnation.ToString(),
                ["sandbox.aspire/node"] = "node-1",
                ["sandbox.aspire/tenant"] = "default",
                ["sandbox.aspire/epoch"] = "7",
                // What its image says of these is not true of it.
                ["sandbox.aspire/remove-image"] = "",
                ["sandbox.aspire/gpus"] = "",
                ["sandbox.aspire/compose-project"] = "",
                ["sandbox.aspire/compose-service"] = "",
                ["com.docker.compose.project"] = "",
            },
            labels);
    }

    [NeedsDockerFact]
    public async Task Container_SeenFromInside_HasTheCapabilitiesAndNoMore()
    {
        var sandbox = await docker.StartAsync(null, Token);

        var (_, status) = await DockerHarness.RunAsync(sandbox, "grep -E 'CapEff|CapBnd|NoNewPrivs|Seccomp:' /proc/self/status", Token);

        // CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, FSETID 4, KILL 5, SETGID 6, SETUID 7, SETPCAP 8, NET_BIND_SERVICE 10.
        Assert.Equal(
            ["CapEff: 00000000000005fb", "CapBnd: 00000000000005fb", "NoNewPrivs: 1", "Seccomp: 2"],
            status.Split('\n').Select(line => line.Replace('\t', ' ')));
    }

    [NeedsDockerFact]
    public async Task Container_KeepsTheImagesEnvironmentAndFolder_AndDropsItsUserAndHealthCheck()
    {
        var tag = $"sandbox-test-config-{Guid.NewGuid():N}:latest";
        await using var image = await TestImage.WithAsync(
            tag, $"FROM {DockerTestImage.Name}\nENV OWN=1\nWORKDIR /work\nUSER nobody\nHEALTHCHECK CMD false\nENTRYPOINT "
                + $"[\"/bin/false\"]\nSTOPSIGNAL SIGQUIT\n", Token);

        var sandbox = await docker.StartAsync(spec => spec with { Image = tag }, Token);

        var config = (await DockerHarness.InspectAsync(sandbox, Token))!["Config"]!;
        Assert.Contains("OWN=1", Texts(config["Env"]));
        Assert.Equal(("/work", "0:0", "SIGTERM"), ((string)config["WorkingDir"]!, (string)config["User"]!, (string)config["StopSignal"]!));
        Assert.Equal(["NONE"], Texts(config["Healthcheck"]!["Test"]));
        Assert.Equal(["/bin/sleep", "100000"], Texts(config["Entrypoint"]));
    }

    [NeedsDockerFact]
    public async Task Container_WithPrivilegeGain_GetsJustThat()
    {
        var sandbox = await docker.StartAsync(spec => spec with { AllowPrivilegeGain = true, LimitCpus = 1, Cpus = 0.25 }, Token);

        var host = (await DockerHarness.InspectAsync(sandbox, Token))!["HostConfig"]!;

        Assert.Empty(Texts(host["SecurityOpt"]));
        Assert.Equal(["ALL"], Texts(host["CapDrop"]));
        Assert.False((bool)host["Privileged"]!);
        Assert.Equal((1_000_000_000, 256), ((long)host["NanoCpus"]!, (long)host["CpuShares"]!));
    }

    [NeedsDockerTheory]
    [InlineData("echo broken > $T/intruder")]
    [InlineData("echo broken > $T/$F")]
    [InlineData("mv $T/$F $T/moved")]
    [InlineData("mv $T /moved")]
    [InlineData("rm -rf $T")]
    [InlineData("ln -s / $T/link")]
    [InlineData("chmod 777 $T $T/$F")]
    [InlineData("chown 1:1 $T $T/$F")]
    [InlineData("touch -d 2001-01-01 $T/$F $T")]
    [InlineData("mount -o remount,rw $T")]
    [InlineData("mount -o remount,rw,bind $T")]
    [InlineData("mount --bind /tmp $T")]
    [InlineData("mount -t tmpfs none $T")]
    [InlineData("umount $T")]
    [InlineData("umount -l $T")]
    [InlineData("dd if=/dev/zero of=$T/full bs=1M count=4")]
    [InlineData("mknod /tmp/disk b 254 0")]
    [InlineData("unshare -m true")]
    public async Task Root_OfASandbox_ChangesNothingOfTheHost(string line)
    {
        var sandbox = await docker.SharedAsync(Token);
        var socketFolder = docker.Folders.Socket(sandbox.Incarnation);
        await File.WriteAllTextAsync(Path.Combine(socketFolder, "s"), "stands for the socket", Token);
        var before = Fingerprint(docker.AgentFolder) + Fingerprint(socketFolder);

        foreach (var (target, file) in ((string, string)[])[(AgentRoutes.BinaryFolderInSandbox, AgentRoutes.BinaryName),
            (AgentRoutes.SocketFolderInSandbox, "s")])
        {
            var (exitCode, said) = await DockerHarness.RunAsync(sandbox, $"T={target}; F={file}; {line}", Token);
            Assert.True(exitCode != 0, $"'{line}' on {target} was to be refused, yet it said: {said}");
        }

        Assert.Equal(before, Fingerprint(docker.AgentFolder) + Fingerprint(socketFolder));
    }

    [Fact]
    public void Plan_OfAPrivilegedSandbox_SaysSoAndConfinesNothing()
    {
        var host = Plan(DockerHarness.GivenSandbox(spec => spec with { Privileged = true })).HostConfig!;

        Assert.True(host.Privileged);
        Assert.Null(host.CapDrop);
        Assert.All(host.Mounts!, mount => Assert.True(mount.ReadOnly));
    }

    [Fact]
    public void Plan_OfAKataSandbox_AsksForTheRuntimeAndItsDisk()
    {
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { UseKata = true });

        var host = Plan(sandbox).HostConfig!;

        Assert.Equal("io.containerd.kata.v2", host.Runtime);
        Assert.Equal(
            "ALL seccomp=unconfined c 10:232 rwm", $"{host.CapAdd.Single()} {host.SecurityOpt.Single()} {host.DeviceCgroupRules.Single()}");
        Assert.Equal("1", host.Sysctls!["net.ipv4.ip_forward"]);
        Assert.Equal("/data/kata/disk.img", Assert.Single(host.Mounts!, mount => mount.Target == "/docker-disk.img").Source);
        Assert.False(host.Privileged);
    }

    [Fact]
    public void Plan_OfASandbox_RunsTheAgentOutOfTheMountedFolder()
    {
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { AgentGrace = TimeSpan.FromSeconds(60), DiskBytes = 10 });

        var parameters = Plan(sandbox);

        Assert.Equal(["/.sandbox/bin/sandbox-agent", "--dial", "unix:/.sandbox/run/s", "--grace", "60"], parameters.Entrypoint);
        Assert.Equal($"sandbox-{sandbox.Incarnation}", parameters.Name);
        Assert.Equal("10", parameters.HostConfig!.StorageOpt!["size"]);
        Assert.All(parameters.HostConfig.Mounts!, mount => Assert.True(mount.ReadOnly));
        Assert.Equal(
            [("/agent", "/.sandbox/bin"), ("/socket", "/.sandbox/run")],
            parameters.HostConfig.Mounts!.Select(mount => (mount.Source!, mount.Target!)));
    }

    [Fact]
    public void Plan_OnANodeWithARuntimeOfItsOwn_NamesItForWhatIsConfinedOnly()
    {
        var options = docker.Options();
        (options.Runtime, options.KataRuntime) = ("runsc", "kata-qemu");

        var plain = Plan(DockerHarness.GivenSandbox(), options).HostConfig!;

        Assert.Equal(("runsc", "ALL"), (plain.Runtime, plain.CapDrop!.Single()));
        Assert.Equal("kata-qemu", Plan(DockerHarness.GivenSandbox(spec => spec with { UseKata = true }), options).HostConfig!.Runtime);
        Assert.True(
            string.IsNullOrEmpty(Plan(DockerHarness.GivenSandbox(spec => spec with { Privileged = true }), options).HostConfig!.Runtime),
            "a privileged sandbox was to keep the engine's default runtime");
    }

    [Fact]
    public void Plan_WithGpus_NamesEachOfThem()
    {
        var request = Assert.Single(Plan(DockerHarness.GivenSandbox(), gpus: ["GPU-1", "GPU-3"]).HostConfig!.DeviceRequests!);

        Assert.Equal(["GPU-1", "GPU-3"], request.DeviceIDs);
        Assert.Equal((0, "gpu"), (request.Count, request.Capabilities!.Single().Single()));
    }

    private CreateContainerParameters Plan(SandboxInstance sandbox, WorkerOptions? options = null, IReadOnlyList<string>? gpus = null) =>
        new ContainerPlan(
            sandbox, "sha256:1", options ?? docker.Options(), EngineArguments.None, "/agent", "/socket", "/data/kata/disk.img")
        {
            Epoch = 7,
            Network = new SandboxNetwork("none", "none"),
            Gpus = gpus ?? [],
        }
            .ToParameters(ContainerPlan.AgentCommand(sandbox), limitDisk: true);

    private static IEnumerable<string> Texts(JsonNode? list) => list?.AsArray().Select(item => (string)item!) ?? [];

    /// <summary>Names, modes, times and contents of all that is in a folder, and of itself.</summary>
    private static string Fingerprint(string folder)
    {
        var all = Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Prepend(folder);
        return string.Concat(all.Select(entry =>
            $"{entry} {File.GetUnixFileMode(entry)} {File.GetLastWriteTimeUtc(entry):O} "
                + $"{(File.Exists(entry) ? Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(entry))) : "")}\n"));
    }
}
