using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Errors;
using Sandbox.Node.Deployments;
using Sandbox.Testing;

namespace Sandbox.Worker.Tests.Docker;

/// <summary>An engine that is not there, stops in the middle, or does not answer.</summary>
public sealed class EngineFaultTests(DockerHarness docker) : IClassFixture<DockerHarness>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Check_WithoutAnEngine_SaysThatDockerIsNotAvailable()
    {
        var error = await docker.NewDeployment("unix:///nowhere.sock").CheckAvailabilityAsync(Token);

        Assert.StartsWith(
            "Docker is not available. Please ensure Docker daemon is running. (the engine does not answer: ",
            Assert.IsType<SandboxError.DockerUnavailable>(error).Text,
            StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task Check_WithAnEngineButNoAgentForIt_SaysWhatIsMissing()
    {
        using var empty = new TempFolder();
        var options = docker.Options();
        options.AgentFolder = empty.Path;

        var error = await docker.NewDeployment(options).CheckAvailabilityAsync(Token);

        var reason = Assert.IsType<SandboxError.DockerUnavailable>(error).Reason;
        Assert.Contains("the native agent", reason, StringComparison.Ordinal);
        Assert.Contains(empty.Path, reason, StringComparison.Ordinal);
    }

    [NeedsDockerFact]
    public async Task Start_OnAnEngineWithoutTheNodesRuntime_FailsWithThoseThatItHas()
    {
        var options = docker.Options();
        options.Runtime = "no-such-runtime";
        var deployment = docker.NewDeployment(options);

        var unavailable = Assert.IsType<SandboxError.DockerUnavailable>(await deployment.CheckAvailabilityAsync(Token));
        var failed = DockerHarness.Failure<SandboxError.StartFailed>(
            await deployment.EnsureStartedAsync(new StartOrder(DockerHarness.GivenSandbox(), null), new RecordedPhases(), Token));

        Assert.Contains("no runtime of that name; it has ", unavailable.Reason, StringComparison.Ordinal);
        Assert.Equal(unavailable.Reason, failed.Reason);
    }

    [Fact]
    public async Task Start_WithoutAnEngine_SaysThatDockerIsNotAvailable()
    {
        var phases = new RecordedPhases();

        var error = DockerHarness.Failure<SandboxError.DockerUnavailable>(await docker.NewDeployment("unix:///nowhere.sock")
            .EnsureStartedAsync(new StartOrder(DockerHarness.GivenSandbox(), null), phases, Token));

        Assert.StartsWith("the engine does not answer: ", error.Reason, StringComparison.Ordinal);
        Assert.Equal(["docker_run Failed"], phases.Steps);
    }

    [Fact]
    public async Task List_WithoutAnEngine_Throws_SoThatNobodyTakesItForEmpty() =>
        await Assert.ThrowsAsync<EngineException>(() => docker.NewDeployment("unix:///nowhere.sock").ListAsync(Token));

    [NeedsDockerFact]
    public async Task Check_OfAnEngineThatHangs_EndsAfterFiveSeconds()
    {
        await using var relay = new EngineRelay();
        var clock = new FakeTimeProvider();
        using var engine = new EngineConnection(Options.Create(docker.Options(relay.Address)), clock);
        await engine.PingAsync(Token);
        relay.Trap("GET", "/_ping", RelayFault.Hang);

        var ping = engine.PingAsync(Token);
        await relay.Sprung.WaitAsync(TimeSpan.FromSeconds(60), Token);
        clock.Advance(TimeSpan.FromSeconds(5));

        var exception = await Assert.ThrowsAsync<EngineException>(() => ping.WaitAsync(TimeSpan.FromSeconds(60), Token));
        Assert.Equal(("the engine did not answer within 5 s", true), (exception.Message, exception.Unreachable));
    }

    /// <summary>A busy engine takes longer to tell of itself than to answer a ping; that must not fail the first start.</summary>
    [NeedsDockerFact]
    public async Task Facts_OfAnEngineThatTellsThemLate_AreWaitedFor_ButNoPingWaitsForThem()
    {
        await using var relay = new EngineRelay();
        var clock = new FakeTimeProvider();
        using var engine = new EngineConnection(Options.Create(docker.Options(relay.Address)), clock);
        relay.Trap("GET", "/info", RelayFault.HoldAnswer);

        var facts = engine.FactsAsync(Token);
        await relay.Sprung.WaitAsync(TimeSpan.FromSeconds(60), Token);
        clock.Advance(TimeSpan.FromSeconds(30));
        var ping = engine.PingAsync(Token);
        clock.Advance(TimeSpan.FromSeconds(5));
        var late = await Assert.ThrowsAsync<EngineException>(() => ping.WaitAsync(TimeSpan.FromSeconds(60), Token));
        relay.LetGo();

        Assert.NotEmpty((await facts.WaitAsync(TimeSpan.FromSeconds(60), Token)).Architecture);
        Assert.Equal(("the engine did not answer within 5 s", true), (late.Message, late.Unreachable));
    }

    [NeedsDockerTheory]
    [InlineData("/containers/create", RelayFault.Cut)]
    [InlineData("/containers/create", RelayFault.CutAnswer)]
    [InlineData("/start", RelayFault.Cut)]
    [InlineData("/start", RelayFault.CutAnswer)]
    public async Task Start_WhoseEngineStopsInTheMiddle_FailsAtOnce_AndIsTakenUpOrRemovedWhenItIsBack(string at, RelayFault fault)
    {
        await using var relay = new EngineRelay();
        var deployment = docker.NewDeployment(relay.Address);
        Assert.Null(await deployment.CheckAvailabilityAsync(Token));
        relay.Trap("POST", at, fault);
        var sandbox = DockerHarness.GivenSandbox();
        var phases = new RecordedPhases();

        var error = DockerHarness.Failure<SandboxError.DockerUnavailable>(
            await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), phases, Token));
        var meanwhile = await deployment.CheckAvailabilityAsync(Token);
        relay.Restore();
        var again = await deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), Token);
        var found = await deployment.ListAsync(Token);
        await deployment.EnsureGoneAsync(sandbox.Incarnation, Token);

        Assert.StartsWith("the engine does not answer: ", error.Reason, StringComparison.Ordinal);
        Assert.Equal("docker_run Failed", phases.Steps.Last());
        Assert.IsType<SandboxError.DockerUnavailable>(meanwhile);
        Assert.True(again.TryGet(out _, out var failure), failure?.Text);
        Assert.True(Assert.Single(found, one => one.Incarnation == sandbox.Incarnation).Running);
        Assert.Null(await DockerHarness.InspectAsync(sandbox, Token));
    }

    [NeedsDockerFact]
    public async Task Stop_WhoseEngineIsGone_Throws_AndIsDoneWhenItIsBack()
    {
        await using var relay = new EngineRelay();
        var deployment = docker.NewDeployment(relay.Address);
        var sandbox = await docker.StartAsync(null, Token);
        Assert.Null(await deployment.CheckAvailabilityAsync(Token));

        relay.Trap("POST", "/stop", RelayFault.CutAnswer);
        await Assert.ThrowsAsync<EngineException>(() => deployment.EnsureStoppedAsync(sandbox, Token));
        relay.Restore();
        await deployment.EnsureStoppedAsync(sandbox, Token);

        Assert.False((bool)(await DockerHarness.InspectAsync(sandbox, Token))!["State"]!["Running"]!);
    }

    [NeedsDockerFact]
    public async Task Start_ThatIsCancelled_EndsWithItsToken()
    {
        await using var relay = new EngineRelay();
        var deployment = docker.NewDeployment(relay.Address);
        Assert.Null(await deployment.CheckAvailabilityAsync(Token));
        relay.Trap("POST", "/containers/create", RelayFault.Hang);
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var sandbox = DockerHarness.GivenSandbox();

        var start = deployment.EnsureStartedAsync(new StartOrder(sandbox, null), new RecordedPhases(), cancelled.Token);
        await relay.Sprung.WaitAsync(TimeSpan.FromSeconds(60), Token);
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => start.WaitAsync(TimeSpan.FromSeconds(60), Token));
    }
}
