using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;
using Sandbox.Node.Leadership;
using Sandbox.Testing;
using Sandbox.Worker.Tests.Agents;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Reconciliation;

/// <summary>Deadlines under a clock of the test's own, with records in the real store and an agent that says what a test wants.</summary>
public sealed class DeadlineTests : IAsyncLifetime
{
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan Uncalled = new LifecycleOptions().MaxUncalledActivity;

    private readonly TempFolder _data = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private int _callsInFlight;
    private TimeSpan _idleSince;
    private WorkerHost _worker = null!;

    public ValueTask InitializeAsync()
    {
        _worker = WorkerHost.Build(_data.Path, services => services.AddSingleton<TimeProvider>(_time));
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Running_IdleForLongerThanItsTimeout_IsStoppedAsExpired()
    {
        var record = await GivenRunningAsync();
        _time.Advance(Idle);

        await ScanAsync(record);

        var stopped = await FindAsync(record);
        Assert.Equal(SandboxState.Stopped, stopped.State);
        Assert.Equal("expired: idle for 1800 s", stopped.Reason);
    }

    [Fact]
    public async Task Running_OneTickBeforeItsDeadline_RunsOn()
    {
        var record = await GivenRunningAsync();
        _time.Advance(Idle - TimeSpan.FromMilliseconds(1));

        await ScanAsync(record);

        Assert.Equal(SandboxState.Running, (await FindAsync(record)).State);
    }

    [Fact]
    public async Task Running_CallInFlight_CountsAsActivity()
    {
        var record = await GivenRunningAsync();
        await using var agent = await GivenAgentAsync(record);
        Assert.True((await _worker.Gateway.OpenAsync(record.Id, CancellationToken.None)).TryGet(out var call, out _));
        _time.Advance(2 * Idle);

        await ScanAsync(record);

        var running = await FindAsync(record);
        Assert.Equal(SandboxState.Running, running.State);
        Assert.Equal(_time.GetUtcNow() + Idle, running.IdleDeadline);

        call.Dispose();
        _idleSince = Idle;
        _time.Advance(Idle);
        await ScanAsync(record);
        Assert.Equal(SandboxState.Stopped, (await FindAsync(record)).State);
    }

    /// <summary>E2B's clients set when it ends; that they use it until then says nothing.</summary>
    [Fact]
    public async Task Running_WithAFixedTimeout_IsStoppedThenHoweverMuchItIsUsed()
    {
        var record = await GivenRunningAsync(spec => spec with { HasFixedTimeout = true });
        await using var agent = await GivenAgentAsync(record);
        _callsInFlight = 1;
        Assert.True((await _worker.Gateway.OpenAsync(record.Id, CancellationToken.None)).TryGet(out var call, out _));
        using (call)
        {
            _time.Advance(Idle - TimeSpan.FromMilliseconds(1));
            await ScanAsync(record);
            Assert.Equal(record.IdleDeadline, (await FindAsync(record)).IdleDeadline);

            _time.Advance(TimeSpan.FromMilliseconds(1));
            await ScanAsync(record);
        }

        var stopped = await FindAsync(record);
        Assert.Equal((SandboxState.Stopped, "expired: the time that was set for it is over"), (stopped.State, stopped.Reason));
    }

    [Theory]
    [InlineData(0, 10, 20)]
    [InlineData(1, 10000, 30)]
    public async Task Running_AgentWasActive_IsAskedBeforeTheStop(int callsInFlight, int idleMinutes, int leftMinutes)
    {
        var record = await GivenRunningAsync();
        await using var agent = await GivenAgentAsync(record);
        (_callsInFlight, _idleSince) = (callsInFlight, TimeSpan.FromMinutes(idleMinutes));
        _time.Advance(Idle);

        await ScanAsync(record);

        var running = await FindAsync(record);
        Assert.Equal(SandboxState.Running, running.State);
        Assert.Equal(_time.GetUtcNow() + TimeSpan.FromMinutes(leftMinutes), running.IdleDeadline);
    }

    /// <summary>M11: whatever the agent says is the word of the code in its sandbox.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Running_OnlyTheAgentSaysThatItIsUsed_IsStoppedAfterTheBound(int callsInFlight)
    {
        var record = await GivenRunningAsync();
        await using var agent = await GivenAgentAsync(record);
        _callsInFlight = callsInFlight;
        _time.Advance(Uncalled);
        await ScanAsync(record);
        Assert.Equal(SandboxState.Running, (await FindAsync(record)).State);

        _time.Advance(Idle);
        await ScanAsync(record);

        var stopped = await FindAsync(record);
        Assert.True(
            stopped.State is SandboxState.Stopped,
            $"nobody called it for {Uncalled + Idle}, and its agent's word alone was not to keep it running; it is {stopped.State}");
    }

    /// <summary>The record counts the agent's word, and a new connection is set up from the record.</summary>
    [Fact]
    public async Task Running_AgentDialsAgainBeforeEachDeadline_DoesNotBeginTheBoundAnew()
    {
        var record = await GivenRunningAsync();
        await using var agent = await GivenAgentAsync(record);
        _time.Advance(Uncalled);
        await ScanAsync(record);

        _worker.Gateway.Register(await FindAsync(record), _worker.Get<AgentLinks>().Ensure(record));
        _time.Advance(Idle);
        await ScanAsync(record);

        Assert.Equal(SandboxState.Stopped, (await FindAsync(record)).State);
    }

    [Fact]
    public async Task Running_CalledWithinTheBound_RunsOn()
    {
        var record = await GivenRunningAsync();
        await using var agent = await GivenAgentAsync(record);
        _time.Advance(Uncalled);
        await ScanAsync(record);
        await CallAsync(record);

        _time.Advance(Uncalled);
        await ScanAsync(record);

        Assert.Equal(SandboxState.Running, (await FindAsync(record)).State);
    }

    [Fact]
    public async Task Running_AtTheEndOfItsLife_IsStoppedWithACallInFlight()
    {
        var record = await GivenRunningAsync(spec => spec with { MaxLifetime = TimeSpan.FromHours(1) });
        await using var agent = await GivenAgentAsync(record);
        Assert.True((await _worker.Gateway.OpenAsync(record.Id, CancellationToken.None)).TryGet(out var call, out _));
        _time.Advance(TimeSpan.FromMinutes(59));
        await ScanAsync(record);
        Assert.Equal(SandboxState.Running, (await FindAsync(record)).State);

        _time.Advance(TimeSpan.FromMinutes(1));
        await ScanAsync(record);

        call.Dispose();
        var stopped = await FindAsync(record);
        Assert.Equal(SandboxState.Stopped, stopped.State);
        Assert.Equal("expired: ran for 3600 s, the longest that this server lets a sandbox run", stopped.Reason);
    }

    [Fact]
    public async Task Running_TheServerWasRestarted_KeepsItsDeadline()
    {
        var record = await GivenRunningAsync();
        await _worker.DisposeAsync();
        _worker = WorkerHost.Build(_data.Path, services => services.AddSingleton<TimeProvider>(_time));
        _time.Advance(TimeSpan.FromMinutes(29));
        await using var agent = await GivenAgentAsync(record);
        _idleSince = Idle;
        _time.Advance(TimeSpan.FromMinutes(1));

        await ScanAsync(record);

        Assert.Equal(SandboxState.Stopped, (await FindAsync(record)).State);
    }

    [Fact]
    public async Task Pending_PastItsDeadline_HasFailedToStart()
    {
        var record = await GivenPendingAsync("box");
        _time.Advance(record.Spec.StartupTimeout);

        await ScanAsync(record);

        var failed = await FindAsync(record);
        Assert.Equal(SandboxState.Stopped, failed.State);
        Assert.Equal(SandboxEvent.StartFailed, failed.History[^1].On);
        Assert.Equal(PhaseStatus.Timeout, failed.Phases[0].Status);
    }

    [Fact]
    public async Task Stopped_ForLongerThanItsAutoDelete_IsDeleted()
    {
        var running = await GivenRunningAsync(spec => spec with { AutoDelete = TimeSpan.FromHours(1) });
        var transitions = _worker.Get<SandboxTransitions>();
        Assert.True(transitions.Stop(running, StopReason.Asked, _time.GetUtcNow()).TryGet(out var stop, out _));
        Assert.True(await _worker.Records.TryTransitionAsync(new SandboxTransition(stop.From, stop.Next, null), CancellationToken.None));
        _time.Advance(TimeSpan.FromMinutes(59));
        await ScanAsync(running);
        Assert.Equal(SandboxState.Stopped, (await FindAsync(running)).State);

        _time.Advance(TimeSpan.FromMinutes(1));
        await ScanAsync(running);

        Assert.Equal(SandboxState.Deleted, (await FindAsync(running)).State);
    }

    [Fact]
    public async Task Activity_OfMany_IsWrittenAtMostEveryThirtySeconds()
    {
        var record = await GivenRunningAsync();
        await using var agent = await GivenAgentAsync(record);
        _time.Advance(TimeSpan.FromSeconds(29));
        await CallAsync(record);
        Assert.Equal(record.IdleDeadline, (await FindAsync(record)).IdleDeadline);

        _time.Advance(TimeSpan.FromSeconds(1));
        await CallAsync(record);

        await _worker.UntilAsync(
            record.Id, now => now.IdleDeadline == record.IdleDeadline + TimeSpan.FromSeconds(30), "moved on by its activity");
        var live = await _worker.Get<ILiveStore>().FindTimeoutAsync(record.Id, record.Version, CancellationToken.None);
        Assert.Equal(_time.GetUtcNow() + Idle, live?.ExpiresAt);
    }

    public async ValueTask DisposeAsync()
    {
        await _worker.DisposeAsync();
        _data.Dispose();
    }

    private async Task CallAsync(SandboxInstance record)
    {
        Assert.True((await _worker.Gateway.OpenAsync(record.Id, CancellationToken.None)).TryGet(out var call, out var error), error?.Text);
        call.Dispose();
    }

    /// <summary>No worker takes jobs here, so a stop does not wait for its own.</summary>
    private async Task ScanAsync(SandboxInstance record)
    {
        var scan = _worker.Get<DeadlineScan>().RunAsync(CancellationToken.None);
        while (!scan.IsCompleted)
        {
            var open = await _worker.Get<IJobStore>()
                .ClaimAsync(new JobClaim("node-1", 10, TimeSpan.FromMinutes(1)), CancellationToken.None);
            foreach (var job in open)
            {
                await _worker.Get<IJobStore>().TryCompleteAsync(job, CancellationToken.None);
            }

            await Task.WhenAny(scan, Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, CancellationToken.None));
        }

        await scan;
    }

    private async Task<SandboxInstance> FindAsync(SandboxInstance record) =>
        await _worker.Records.FindAsync(record.Id, CancellationToken.None) ?? throw new InvalidOperationException("The record is gone.");

    private async Task<SandboxInstance> GivenPendingAsync(string id, Func<SandboxSpec, SandboxSpec>? spec = null)
    {
        var now = _time.GetUtcNow();
        var prepared = WorkerHost.Prepare(id);
        prepared =
            prepared with
            {
                CreatedAt = now,
                TransientDeadline = now + prepared.Spec.StartupTimeout,
                Spec = spec?.Invoke(prepared.Spec) ?? prepared.Spec
            };
        var job = new StartSandboxJob { SandboxId = prepared.Id, SandboxVersion = 1, Incarnation = prepared.Incarnation };
        Assert.True(
            (await _worker.Records.TryCreateAsync(prepared, job, CancellationToken.None)).TryGet(out var record, out var error),
            error?.Text);
        return record;
    }

    private async Task<SandboxInstance> GivenRunningAsync(Func<SandboxSpec, SandboxSpec>? spec = null)
    {
        var pending = await GivenPendingAsync("box", spec);
        Assert.True(SandboxTransitions.Alive(pending, _time.GetUtcNow()).TryGet(out var alive, out _));
        Assert.True(await _worker.Records.TryTransitionAsync(new SandboxTransition(alive.From, alive.Next, null), CancellationToken.None));
        return alive.Next;
    }

    private async Task<FakeAgent> GivenAgentAsync(SandboxInstance record)
    {
        var link = _worker.Get<AgentLinks>().Ensure(record);
        var agent = await FakeAgent.StartAsync(
            _worker.Get<SandboxFolders>().SocketFile(record.Incarnation),
            context => context.Response.WriteAsync(
                $$"""{"version":"1","pid":7,"callsInFlight":{{_callsInFlight}},"idleMilliseconds":{{(long)_idleSince.TotalMilliseconds}},"processes":0,"sessions":0}"""));
        await link.Connected.WaitAsync(WorkerHost.Soon);
        _worker.Gateway.Register(record, link);
        return agent;
    }
}
