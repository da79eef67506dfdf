using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Node.Reconciliation;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Reconciliation;

/// <summary>The reason of what is lost while its engine goes down, in whichever order the two are heard of.</summary>
public sealed class EngineOutageTests : IDisposable
{
    private const string Explained = "it ended with the engine, which was restarted: exit code 0";

    private readonly TempFolder _data = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly WorkerHost _worker;
    private readonly EngineOutage _outage;

    public EngineOutageTests()
    {
        _worker = WorkerHost.Build(_data.Path, services => services.AddSingleton<TimeProvider>(_time));
        _outage = _worker.Get<EngineOutage>();
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Engine_GoneAfterTheLossWasWritten_IsItsReason()
    {
        await _outage.EngineBackAsync(Token);
        var lost = await GivenLostAsync();

        await _outage.RememberAsync(lost, Token);
        await _outage.EngineLostAsync("connection refused", Token);

        Assert.Equal(Explained, await ReasonAsync(lost));
    }

    [Fact]
    public async Task Engine_GoneWhileTheLossWasBeingWritten_IsItsReason()
    {
        await _outage.EngineBackAsync(Token);
        var lost = await GivenLostAsync();

        await _outage.EngineLostAsync("connection refused", Token);
        await _outage.RememberAsync(lost, Token);

        Assert.Equal(Explained, await ReasonAsync(lost));
    }

    [Fact]
    public async Task Engine_GoneLongAfter_IsNotItsReason()
    {
        await _outage.EngineBackAsync(Token);
        var lost = await GivenLostAsync();
        await _outage.RememberAsync(lost, Token);

        _time.Advance(TimeSpan.FromSeconds(16));
        await _outage.EngineLostAsync("connection refused", Token);

        Assert.Equal("exit code 0", await ReasonAsync(lost));
    }

    [Fact]
    public async Task Container_RemovedBySomebodyBeforeTheEngineWent_KeepsItsReason()
    {
        await _outage.EngineBackAsync(Token);
        var running = await GivenRunningAsync();

        await _worker.Get<LostSandboxes>().JudgeAsync(running, found: null, Token);
        await _outage.EngineLostAsync("connection refused", Token);

        Assert.Equal("it was removed", await ReasonAsync(running));
    }

    public void Dispose()
    {
        _worker.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _data.Dispose();
    }

    private async Task<SandboxInstance> GivenLostAsync()
    {
        var running = await GivenRunningAsync();
        Assert.True(_worker.Get<SandboxTransitions>().Lost(running, "exit code 0", _time.GetUtcNow()).TryGet(out var lost, out _));
        Assert.True(await _worker.Records.TryTransitionAsync(lost, Token), "no other writer was to change it");
        return lost.Next;
    }

    private async Task<SandboxInstance> GivenRunningAsync()
    {
        var prepared = WorkerHost.Prepare("box");
        var first = prepared with { Spec = prepared.Spec with { Deployment = DeploymentKind.Docker } };
        var job = new StartSandboxJob { SandboxId = first.Id, SandboxVersion = first.Version, Incarnation = first.Incarnation };
        Assert.True((await _worker.Records.TryCreateAsync(first, job, Token)).TryGet(out var pending, out var error), error?.Text);
        Assert.True(SandboxTransitions.Alive(pending, _time.GetUtcNow()).TryGet(out var alive, out _));
        Assert.True(await _worker.Records.TryTransitionAsync(alive, Token), "no other writer was to change it");
        return alive.Next;
    }

    private async Task<string?> ReasonAsync(SandboxInstance record) => (await _worker.Records.FindAsync(record.Id, Token))?.Reason;
}
