using System.Text.Json.Nodes;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Node.Deployments;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Docker;

public sealed class DockerStartTests(DockerHarness docker) : IClassFixture<DockerHarness>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [NeedsDockerFact]
    public async Task Start_OfAPresentImage_RunsTheContainerAndReportsItsPhases()
    {
        var sandbox = DockerHarness.GivenSandbox();
        var phases = new RecordedPhases();

        var started = await docker.Deployment.EnsureStartedAsync(new StartOrder(sandbox, null), phases, Token);

        Assert.True(started.TryGet(out _, out var error), error?.Text);
        Assert.True((bool)(await DockerHarness.InspectAsync(sandbox, Token))!["State"]!["Running"]!);
        Assert.Equal(["image_pull Success", "docker_run Running"], phases.Steps);
    }

    [NeedsDockerFact]
    public async Task Start_Twice_GivesOneContainer()
    {
        var sandbox = await docker.StartAsync(null, Token);
        var first = (string)(await DockerHarness.InspectAsync(sandbox, Token))!["Id"]!;

        var again = await docker.Deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);

        Assert.True(again.TryGet(out _, out var error), error?.Text);
        Assert.Equal(first, (string)(await DockerHarness.InspectAsync(sandbox, Token))!["Id"]!);
    }

    [NeedsDockerFact]
    public async Task Start_OfOneIncarnationManyTimesAtOnce_GivesOneContainerAndNoFailure()
    {
        var sandbox = DockerHarness.GivenSandbox();

        var all = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ =>
            docker.Deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token)));

        Assert.All(all, started => Assert.True(started.TryGet(out var _, out var error), error?.Text));
        var found = await docker.Deployment.ListAsync(Token);
        Assert.Single(found, one => one.Incarnation == sandbox.Incarnation);
    }

    [NeedsDockerFact]
    public async Task Start_WhereAForeignContainerHasTheName_FailsAndLeavesItAlone()
    {
        var sandbox = DockerHarness.GivenSandbox();
        var foreign = new { Image = DockerTestImage.Name, Labels = new Dictionary<string, string> { [DockerCluster.Label] = "another" } };
        await DockerEngine.PostAsync($"containers/create?name={DockerHarness.NameOf(sandbox)}", foreign, Token);
        try
        {
            var phases = new RecordedPhases();

            var error = DockerHarness.Failure<SandboxError.StartFailed>(
                await docker.Deployment.EnsureStartedAsync(new StartOrder(sandbox, null), phases, Token));
            await docker.Deployment.EnsureGoneAsync(sandbox.Incarnation, Token);

            Assert.Equal(
                $"a container named {DockerHarness.NameOf(sandbox)} exists and does not belong to this sandbox; it is left alone",
                error.Reason);
            Assert.Equal("docker_run Failed", phases.Steps.Last());
            Assert.Equal("created", (string)(await DockerHarness.InspectAsync(sandbox, Token))!["State"]!["Status"]!);
        }
        finally
        {
            await DockerEngine.RemoveContainerAsync(DockerHarness.NameOf(sandbox), Token);
        }
    }

    [NeedsDockerFact]
    public async Task Start_OfAMissingImageThatIsNotToBePulled_FailsInThePullPhase()
    {
        const string reason = "image sandbox-test-missing:latest is not present on this node and pull is 'never'";
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { Image = "sandbox-test-missing:latest", Pull = PullPolicy.Never });
        var phases = new RecordedPhases();

        var error = DockerHarness.Failure<SandboxError.StartFailed>(
            await docker.Deployment.EnsureStartedAsync(new StartOrder(sandbox, null), phases, Token));

        Assert.Equal((SandboxPhase.ImagePull, reason), (error.Phase, error.Reason));
        Assert.Equal([("image_pull", PhaseStatus.Failed, reason)], phases.Reports);
    }

    [NeedsDockerTheory]
    [InlineData(PullPolicy.Missing)]
    [InlineData(PullPolicy.Always)]
    public async Task Start_OfAnImageWhoseRegistryRefuses_FailsWithItsReasonAndLeavesNothing(PullPolicy pull)
    {
        var sandbox = DockerHarness.GivenSandbox(
            spec => spec with { Image = "127.0.0.1:1/none:1", Pull = pull, RegistryUsername = "somebody" });
        var phases = new RecordedPhases();

        var error = DockerHarness.Failure<SandboxError.StartFailed>(
            await docker.Deployment.EnsureStartedAsync(new StartOrder(sandbox, "registry-secret"), phases, Token));

        Assert.Equal(SandboxPhase.ImagePull, error.Phase);
        Assert.Contains("127.0.0.1:1", error.Reason, StringComparison.Ordinal);
        Assert.Contains("connection refused", error.Reason, StringComparison.Ordinal);
        Assert.Equal(["image_pull Running", "image_pull Failed"], phases.Steps);
        Assert.DoesNotContain("registry-secret", string.Join(' ', phases.Reports), StringComparison.Ordinal);
        Assert.Null(await DockerHarness.InspectAsync(sandbox, Token));
    }

    [Theory]
    [InlineData("UPPER/case")]
    [InlineData("a b")]
    [InlineData("../containers/json?all=1#")]
    [InlineData("name:tag:tag")]
    public async Task Start_OfWhatIsNoImageName_NeverReachesTheEngine(string image)
    {
        var phases = new RecordedPhases();

        var error = DockerHarness.Failure<SandboxError.StartFailed>(await docker.NewDeployment("unix:///nowhere.sock")
            .EnsureStartedAsync(new StartOrder(DockerHarness.GivenSandbox(spec => spec with { Image = image }), null), phases, Token));

        Assert.Equal($"'{image}' is not the name of an image", error.Reason);
        Assert.Equal(["image_pull Failed"], phases.Steps);
    }

    [NeedsDockerTheory]
    [InlineData(1000, 64, "CPUs")]
    [InlineData(1, 1, "memory limit")]
    public async Task Start_WithLimitsThatTheEngineRefuses_FailsWithItsReasonAndLeavesNothing(double cpus, long megabytes, string word)
    {
        var sandbox = DockerHarness.GivenSandbox(spec => spec with { Cpus = cpus, MemoryBytes = megabytes << 20 });
        var phases = new RecordedPhases();

        var error = DockerHarness.Failure<SandboxError.StartFailed>(
            await docker.Deployment.EnsureStartedAsync(new StartOrder(sandbox, null), phases, Token));

        Assert.Equal(SandboxPhase.DockerRun, error.Phase);
        Assert.Contains(word, error.Reason, StringComparison.Ordinal);
        Assert.Equal(["docker_run Failed"], phases.Steps);
        Assert.Null(await DockerHarness.InspectAsync(sandbox, Token));
    }

    [NeedsDockerFact]
    public async Task Start_OfAProgramThatIsNotThere_SaysSoAtOnceOrWhenItEnds()
    {
        var sandbox = DockerHarness.GivenSandbox();
        var deployment = docker.NewDeployment(command: ["/no/such/agent"]);

        var started = await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);
        var reason = started.TryGet(out _, out var error) ? await deployment.WhenEndedAsync(sandbox.Incarnation, Token) : error.Text;

        Assert.True(
            reason.Contains("exit code 127", StringComparison.Ordinal) || reason.Contains("no such file", StringComparison.Ordinal),
            reason);
    }

    [NeedsDockerFact]
    public async Task Start_WithADiskLimitThatTheDriverCannotEnforce_GoesOnWithoutAndSaysSo()
    {
        var driver = await DockerEngine.GetAsync("info", Token);
        Assert.SkipWhen(
            driver!["DriverStatus"]!.ToJsonString().Contains("xfs", StringComparison.Ordinal),
            "needs a storage driver that cannot limit disk space");

        var sandbox = DockerHarness.GivenSandbox(spec => spec with { DiskBytes = 10L << 30 });
        var started = await docker.Deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);

        Assert.True(started.TryGet(out var value, out var error), error?.Text);
        Assert.Equal(new StartedSandbox(EffectiveDiskBytes: null, EffectiveLogBytes: null, "none"), value);
    }

    [NeedsDockerFact]
    public async Task Engine_ThatFindsALogBeforeTheFirstStart_GoesOnWithIt()
    {
        var data = (string)(await DockerEngine.GetAsync("info", Token))!["DockerRootDir"]!;
        Assert.SkipUnless(Directory.Exists(Path.Combine(data, "containers")), "needs the right to read the engine's data folder");
        const string Before = """{"log":"before","stream":"stdout","time":"2026-01-01T00:00:00Z"}""";
        var deployment = docker.NewDeployment(command: ["/bin/sh", "-c", "echo hello"]);
        var sandbox = DockerHarness.GivenSandbox();
        (string Path, bool WasThere) log = ("", true);
        deployment.AddHook(new Hook(async step =>
        {
            if (step == "starting")
            {
                var id = (string)(await DockerHarness.InspectAsync(sandbox, Token))!["Id"]!;
                var path = Path.Combine(data, "containers", id, $"{id}-json.log");
                log = (path, File.Exists(path));
                await File.WriteAllTextAsync(path, $"{Before}\n", Token);
            }
        }));

        var started = await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);
        Assert.True(started.TryGet(out _, out var error), error?.Text);
        await deployment.WhenEndedAsync(sandbox.Incarnation, Token);

        Assert.False(log.WasThere, $"{log.Path} was to be made by the first start");
        Assert.Equal(log.Path, (string)(await DockerHarness.InspectAsync(sandbox, Token))!["LogPath"]!);
        var lines = await File.ReadAllLinesAsync(log.Path, Token);
        Assert.Equal([Before, "hello"], [lines[0], JsonNode.Parse(lines[1])!["log"]!.GetValue<string>().Trim()]);
    }

    [NeedsDockerFact]
    public async Task Hooks_OfAStart_AreToldEachStep_AndOneThatFailsChangesNothing()
    {
        var deployment = docker.NewDeployment();
        var steps = new List<string>();
        deployment.AddHook(new Hook(_ => throw new InvalidOperationException("a hook of a test")));
        deployment.AddHook(new Hook(steps.Add));

        var sandbox = DockerHarness.GivenSandbox();
        var started = await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);

        Assert.True(started.TryGet(out _, out var error), error?.Text);
        Assert.Equal(["creating", "starting"], steps);
    }

    /// <summary>As when the engine takes back what it made for a process that was killed meanwhile.</summary>
    [NeedsDockerFact]
    public async Task Start_WhoseContainerIsGoneBeforeItStarts_MakesItAgain()
    {
        var deployment = docker.NewDeployment();
        var sandbox = DockerHarness.GivenSandbox();
        var removed = 0;
        deployment.AddHook(new Hook(async step =>
        {
            if (step == "starting" && removed++ == 0)
            {
                await DockerEngine.RemoveContainerAsync(DockerHarness.NameOf(sandbox), Token);
            }
        }));

        var started = await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);

        Assert.True(started.TryGet(out _, out var error), error?.Text);
        Assert.True((bool)(await DockerHarness.InspectAsync(sandbox, Token))!["State"]!["Running"]!);
        Assert.Equal(2, removed);
    }

    [NeedsDockerFact]
    public async Task Start_WhoseContainerIsGoneEachTime_FailsWithThatReason()
    {
        var deployment = docker.NewDeployment();
        var sandbox = DockerHarness.GivenSandbox();
        deployment.AddHook(
            new Hook(
                step => step == "starting" ? DockerEngine.RemoveContainerAsync(DockerHarness.NameOf(sandbox), Token) : Task.CompletedTask));

        var error = DockerHarness.Failure<SandboxError.StartFailed>(
            await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token));

        Assert.Equal("its container was removed", error.Reason);
    }

    private sealed class Hook(Func<string, Task> told) : IDeploymentHook
    {
        public Hook(Action<string> told)
            : this(step =>
            {
                told(step);
                return Task.CompletedTask;
            })
        {
        }

        public Task OnStepAsync(SandboxInstance sandbox, string step, CancellationToken cancellationToken) => told(step);
    }
}
