using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Node;
using Sandbox.Node.Deployments;
using Sandbox.Node.Usage;
using Sandbox.Worker.Tests.Docker;

namespace Sandbox.Worker.Tests.Usage;

public sealed class NodeUsageMeterTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Engine _engine;
    private readonly NodeUsageMeter _meter;
    private readonly SandboxInstance _sandbox = DockerHarness.GivenSandbox() with { Tenant = "red" };

    public NodeUsageMeterTests()
    {
        _engine = new Engine(_time);
        var options = Options.Create(new WorkerOptions { NodeName = "n1", ClusterId = "c", DataFolder = "/d" });
        _meter = new NodeUsageMeter(
            () => [_sandbox], new DeploymentSet([_engine], options, Options.Create(new SecurityPolicy())), new NodeIdentity(options), _time,
            NullLogger<NodeUsageMeter>.Instance);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Read_TellsTheNodeAndItsSandboxes()
    {
        var told = Assert.Single(await _meter.ReadAsync(Token));

        Assert.Equal("n1", told.Node);
        var use = Assert.Single(told.Sandboxes);
        Assert.Equal((_sandbox.Id.ToString(), "red", 1.0, 1000), (use.SandboxId, use.Tenant, use.CpuSeconds, use.MemoryBytes));
    }

    [Fact]
    public async Task Read_ByManyAndAgainAtOnce_MeasuresOnce()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _meter.ReadAsync(Token)));
        await _meter.ReadAsync(Token);
        Assert.Equal(1, _engine.Asked);

        _time.Advance(TimeSpan.FromMilliseconds(500));
        await _meter.ReadAsync(Token);

        Assert.Equal(2, _engine.Asked);
    }

    [Fact]
    public async Task Read_WhereMeasuringTakesLong_MeasuresNoMoreThanATenthOfTheTime()
    {
        _engine.Takes = TimeSpan.FromSeconds(2);
        await _meter.ReadAsync(Token);

        _time.Advance(TimeSpan.FromSeconds(19));
        await _meter.ReadAsync(Token);
        Assert.Equal(1, _engine.Asked);
        _time.Advance(TimeSpan.FromSeconds(1));
        await _meter.ReadAsync(Token);

        Assert.Equal(2, _engine.Asked);
    }

    [Fact]
    public async Task Read_OfASandboxThatNobodyCanTellOf_LeavesItOut()
    {
        _engine.Use = null;

        Assert.Empty(Assert.Single(await _meter.ReadAsync(Token)).Sandboxes);
    }

    /// <summary>Tells of a sandbox's usage, and does nothing else.</summary>
    private sealed class Engine(FakeTimeProvider time) : IDeployment
    {
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public TimeSpan Takes { get; set; }

        public SandboxUsage? Use { get; set; } = new(1, 1000);

        public DeploymentKind Kind => DeploymentKind.Docker;

        public Task<SandboxUsage?> UseAsync(IncarnationId incarnation, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            time.Advance(Takes);
            return Task.FromResult(Use);
        }

        public Task<SandboxError?> CheckAvailabilityAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Result<StartedSandbox>> EnsureStartedAsync(
            StartOrder order, IPhaseReporter phases, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<Result<StartedSandbox>> EnsureRestartedAsync(
            SandboxInstance sandbox, IPhaseReporter phases, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<string> WhenEndedAsync(IncarnationId incarnation, CancellationToken cancellationToken) =>
            throw new NotSupportedException();

        public Task EnsureStoppedAsync(SandboxInstance sandbox, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task EnsureGoneAsync(IncarnationId incarnation, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<FoundSandbox>> ListAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public void AddHook(IDeploymentHook hook)
        {
        }
    }
}
