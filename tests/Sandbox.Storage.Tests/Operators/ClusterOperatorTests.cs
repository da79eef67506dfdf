using Microsoft.Extensions.Time.Testing;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Storage.InMemory;
using Sandbox.Storage.Live;
using Sandbox.Storage.Tests.Contract;
using Sandbox.Storage.Tests.Sqlite;

namespace Sandbox.Storage.Tests.Operators;

public sealed class ClusterOperatorTests : IAsyncDisposable
{
    // Only reached by a wait that nothing ends.
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(60);

    private readonly FakeTimeProvider _time = new(Given.Now);
    private readonly SqliteFile _file;
    private readonly InMemoryChangeFeed _feed = new();
    private readonly LiveSandboxStore _records;
    private readonly AnnouncingJobStore _jobs;
    private readonly SandboxTransitions _transitions = new(new AutoPolicy(new LifecycleOptions()));
    private readonly Placement _placement = new();
    private readonly ClusterOperator _operator;

    public ClusterOperatorTests()
    {
        _file = SqliteFile.Open(_time);
        _records = new LiveSandboxStore(_file.Records, new LiveCache(new InMemoryLiveStore(), _time), _feed);
        _jobs = new AnnouncingJobStore(_file.Jobs, _feed);
        _operator = Operator(_records);
    }

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync() => await _file.DisposeAsync();

    [Fact]
    public async Task Submit_WritesTheRecordAndItsStartJob()
    {
        var prepared = Given.Pending();

        var record = Ok(await _operator.SubmitAsync(prepared, "secret", CancellationToken));

        Assert.Equal((SandboxState.Pending, 1L), (record.State, record.Version));
        var job = Assert.IsType<StartSandboxJob>((await ClaimAsync()).Job);
        Assert.Equal(
            (prepared.Id, 1L, prepared.Incarnation, "secret"), (job.SandboxId, job.SandboxVersion, job.Incarnation, job.RegistryPassword));
    }

    [Fact]
    public async Task Submit_WhereNothingCanRunIt_SaysWhyAndWritesNothing()
    {
        _placement.Error = new SandboxError.DockerUnavailable("no socket");
        var prepared = Given.Pending();

        var error = Refused(await _operator.SubmitAsync(prepared, null, CancellationToken));

        Assert.Equal("Docker is not available. Please ensure Docker daemon is running. (no socket)", error.Text);
        Assert.Null(await _records.FindAsync(prepared.Id, CancellationToken));
        Assert.Empty(await _jobs.ClaimAsync(new JobClaim("n", 10, Generous), CancellationToken));
    }

    [Fact]
    public async Task Submit_OfAnIdInUse_SaysSoEvenWhereNothingCanRunIt()
    {
        await SubmittedAsync("mine");
        _placement.Error = new SandboxError.DockerUnavailable("no socket");

        Assert.Equal(
            "Sandbox mine already exists.", Refused(await _operator.SubmitAsync(Given.Pending("mine"), null, CancellationToken)).Text);
    }

    [Fact]
    public async Task Submit_OfOneIdByTwoAtOnce_AcceptsOne()
    {
        var submitted = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            Task.Run(() => _operator.SubmitAsync(Given.Pending("mine"), null, CancellationToken))));

        Assert.Single(submitted, result => result.TryGet(out _, out _));
        Assert.All(submitted, result => Assert.True(result.TryGet(out _, out var error) || error is SandboxError.IdInUse, error?.Text));
    }

    [Fact]
    public async Task Stop_OfARunningSandbox_CompletesWhenTheContainerHasEnded()
    {
        var running = await RunningAsync();

        var stopping = _operator.StopAsync(running.Id, StopReason.Asked, CancellationToken);
        var job = await ClaimAsync();
        Assert.IsType<StopSandboxJob>(job.Job);
        Assert.False(stopping.IsCompleted, "the container still runs");
        await _jobs.TryCompleteAsync(job, CancellationToken);

        Assert.Equal(SandboxState.Stopped, Ok(await stopping.WaitAsync(Generous, CancellationToken)).State);
    }

    [Fact]
    public async Task Stop_WhileTheContainerDoesNotEnd_CompletesAfterTheBoundedWait()
    {
        var running = await RunningAsync();

        var stopping = _operator.StopAsync(running.Id, StopReason.Asked, CancellationToken);
        _time.Advance(TimeSpan.FromSeconds(15) - TimeSpan.FromTicks(1));
        Assert.False(stopping.IsCompleted, "the wait is not over");
        _time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(SandboxState.Stopped, Ok(await stopping.WaitAsync(Generous, CancellationToken)).State);
        Assert.IsType<StopSandboxJob>((await ClaimAsync()).Job);
    }

    [Fact]
    public async Task Stop_WhereAStopDeletes_LeavesATombstoneAndRemovesTheContainer()
    {
        var running = await RunningAsync(Given.Spec with { RemoveContainer = true });

        var stopping = _operator.StopAsync(running.Id, StopReason.Asked, CancellationToken);
        var job = await ClaimAsync();
        await _jobs.TryCompleteAsync(job, CancellationToken);

        var deleted = Ok(await stopping.WaitAsync(Generous, CancellationToken));
        Assert.Equal((SandboxState.Deleted, running.Version + 2), (deleted.State, deleted.Version));
        Assert.IsType<RemoveSandboxJob>(job.Job);
        Assert.Equal(deleted.Version, job.Job.SandboxVersion);
    }

    [Fact]
    public async Task Stop_OfAStartingSandbox_WaitsBehindItsStart()
    {
        var pending = await SubmittedAsync();

        var stopping = _operator.StopAsync(pending.Id, StopReason.Asked, CancellationToken);
        await _jobs.TryCompleteAsync(await ClaimAsync<StartSandboxJob>(), CancellationToken);
        await _jobs.TryCompleteAsync(await ClaimAsync<StopSandboxJob>(), CancellationToken);

        Assert.Equal(SandboxState.Stopped, Ok(await stopping.WaitAsync(Generous, CancellationToken)).State);
    }

    [Fact]
    public async Task Stop_Twice_IsASuccessAndAddsNothing()
    {
        var stopped = await StoppedAsync();

        Assert.Equal(stopped.Version, Ok(await _operator.StopAsync(stopped.Id, StopReason.Asked, CancellationToken)).Version);
        Assert.Empty(await _jobs.ClaimAsync(new JobClaim("n", 10, Generous), CancellationToken));
    }

    [Fact]
    public async Task Stop_OfAnUnknownSandbox_IsNotFoundAndWakesTheSweep()
    {
        using var change = _feed.SubscribeAll();

        Assert.IsType<SandboxError.NotFound>(Refused(await _operator.StopAsync(SandboxId.New(), StopReason.Asked, CancellationToken)));

        Assert.True(change.Changed.IsCompleted, "the sweep of orphans has to look for what may be left");
        Assert.Equal(0, (await _records.ListAsync(new SandboxQuery([], new Dictionary<string, string>()), CancellationToken)).Total);
    }

    [Fact]
    public async Task Stop_OfADeletedSandbox_IsRefused()
    {
        var deleted = await DeletedAsync();

        Assert.Equal(
            $"Sandbox {deleted.Id} is deleted; stop is not possible now.",
            Refused(await _operator.StopAsync(deleted.Id, StopReason.Asked, CancellationToken)).Text);
    }

    [Fact]
    public async Task Stop_OfAnExpiredSandbox_RecordsWhyAndWaitsForNothing()
    {
        var running = await RunningAsync();
        _time.Advance(Given.Spec.IdleTimeout);

        var stopped = Ok(
            await _operator.StopAsync(running.Id, StopReason.Expired, CancellationToken).WaitAsync(Generous, CancellationToken));

        Assert.Equal("expired: idle for 1800 s", stopped.Reason);
        await ClaimAsync<StopSandboxJob>();
    }

    [Fact]
    public async Task Stop_OfASandboxThatIsActiveAgain_IsNoExpiry()
    {
        var running = await RunningAsync();

        Assert.Equal(SandboxState.Running, Ok(await _operator.StopAsync(running.Id, StopReason.Expired, CancellationToken)).State);
        Assert.Equal(running.Version, (await _records.FindAsync(running.Id, CancellationToken))!.Version);
    }

    [Fact]
    public async Task Restart_OfAStoppedSandbox_IsPendingAgainWithAJobOfItsOwn()
    {
        var stopped = await StoppedAsync();

        var pending = Ok(await _operator.RestartAsync(stopped.Id, CancellationToken));

        Assert.Equal((SandboxState.Pending, Given.Now + Given.Spec.StartupTimeout), (pending.State, pending.TransientDeadline));
        var job = await ClaimAsync<RestartSandboxJob>();
        Assert.Equal((pending.Version, stopped.Incarnation), (job.Job.SandboxVersion, job.Job.Incarnation));
    }

    [Fact]
    public async Task Restart_OfARunningUnknownOrDeletedSandbox_IsRefused()
    {
        Assert.IsType<SandboxError.WrongState>(Refused(await _operator.RestartAsync((await RunningAsync()).Id, CancellationToken)));
        Assert.IsType<SandboxError.NotFound>(Refused(await _operator.RestartAsync(SandboxId.New(), CancellationToken)));
        Assert.IsType<SandboxError.WrongState>(Refused(await _operator.RestartAsync((await DeletedAsync()).Id, CancellationToken)));
    }

    [Fact]
    public async Task Delete_OfAStoppedSandbox_CompletesWhenTheContainerIsGone()
    {
        var stopped = await StoppedAsync();

        var deleting = _operator.DeleteAsync(stopped.Id, CancellationToken);
        await _jobs.TryCompleteAsync(await ClaimAsync<RemoveSandboxJob>(), CancellationToken);

        Assert.Equal(SandboxState.Deleted, Ok(await deleting.WaitAsync(Generous, CancellationToken)).State);
    }

    [Fact]
    public async Task Delete_OfADeletedSandbox_IsASuccess()
    {
        var deleted = await DeletedAsync();

        Assert.Equal(deleted.Version, Ok(await _operator.DeleteAsync(deleted.Id, CancellationToken)).Version);
    }

    [Fact]
    public async Task Delete_OfARunningOrUnknownSandbox_IsRefused()
    {
        Assert.IsType<SandboxError.WrongState>(Refused(await _operator.DeleteAsync((await RunningAsync()).Id, CancellationToken)));
        Assert.IsType<SandboxError.NotFound>(Refused(await _operator.DeleteAsync(SandboxId.New(), CancellationToken)));
    }

    [Fact]
    public async Task WaitUntilAlive_IsWokenWhenTheSandboxRuns()
    {
        var pending = await SubmittedAsync();

        var waiting = _operator.WaitUntilAliveAsync(pending.Id, CancellationToken);
        Assert.False(waiting.IsCompleted);
        await WriteAsync(SandboxTransitions.Alive(pending, Given.Now));

        Assert.Equal(SandboxState.Running, Ok(await waiting.WaitAsync(Generous, CancellationToken)).State);
    }

    [Fact]
    public async Task WaitUntilAlive_OfAStartThatFails_NamesThePhase()
    {
        var pending = await SubmittedAsync();

        var waiting = _operator.WaitUntilAliveAsync(pending.Id, CancellationToken);
        await WriteAsync(_transitions.StartFailed(pending, SandboxPhase.ImagePull, PhaseStatus.Failed, "no such image", Given.Now));

        Assert.Equal(
            new SandboxError.StartFailed(pending.Id, SandboxPhase.ImagePull, "no such image"),
            Refused(await waiting.WaitAsync(Generous, CancellationToken)));
    }

    [Fact]
    public async Task WaitUntilAlive_OfASandboxThatIsStopped_SaysSo()
    {
        var stopped = await StoppedAsync();

        Assert.Equal(
            new SandboxError.NotStarted(stopped.Id, "stopped"),
            Refused(await _operator.WaitUntilAliveAsync(stopped.Id, CancellationToken)));
        Assert.IsType<SandboxError.NotFound>(Refused(await _operator.WaitUntilAliveAsync(SandboxId.New(), CancellationToken)));
    }

    [Fact]
    public async Task WaitUntilAlive_WhenTheWakeUpIsLost_LooksByItself()
    {
        var pending = await SubmittedAsync();
        var waiting = _operator.WaitUntilAliveAsync(pending.Id, CancellationToken);
        Assert.True(SandboxTransitions.Alive(pending, Given.Now).TryGet(out var transition, out _));

        // Past the wake-ups, as another process would.
        Assert.True(await _file.Records.TryTransitionAsync(transition, CancellationToken));
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Equal(SandboxState.Running, Ok(await waiting.WaitAsync(Generous, CancellationToken)).State);
    }

    [Fact]
    public async Task WaitUntilAlive_WhenNobodyWaitsAnyMore_EndsAndForgets()
    {
        var pending = await SubmittedAsync();
        using var gone = new CancellationTokenSource();

        var waiting = _operator.WaitUntilAliveAsync(pending.Id, gone.Token);
        await gone.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, _feed.Waiting);
    }

    [Fact]
    public async Task Move_WhenOthersAreFaster_IsDecidedAnew()
    {
        var running = await RunningAsync();
        var contested = new Contested(_records, losses: 3);

        Assert.Equal(SandboxState.Stopped, Ok(await StopWithoutWaitingAsync(Operator(contested), running.Id)).State);

        Assert.Equal(4, contested.Tries);
    }

    [Fact]
    public async Task Move_WhenOthersAreAlwaysFaster_GivesUpAloud()
    {
        var running = await RunningAsync();

        var refused = Refused(await StopWithoutWaitingAsync(Operator(new Contested(_records, losses: int.MaxValue)), running.Id));

        Assert.Equal($"Sandbox {running.Id} changed meanwhile; read it again.", refused.Text);
    }

    [Fact]
    public async Task Stops_ByManyAtOnce_StopOnceWithOneJob()
    {
        var running = await RunningAsync();

        var stopping = Enumerable.Range(0, 8)
            .Select(_ => Task.Run(() => _operator.StopAsync(running.Id, StopReason.Asked, CancellationToken))).ToArray();
        await _jobs.TryCompleteAsync(await ClaimAsync<StopSandboxJob>(), CancellationToken);
        var stopped = await Task.WhenAll(stopping).WaitAsync(Generous, CancellationToken);

        Assert.All(stopped, result => Assert.Equal(running.Version + 1, Ok(result).Version));
        Assert.Empty(await _jobs.ClaimAsync(new JobClaim("n", 10, Generous), CancellationToken));
    }

    private static SandboxInstance Ok(Result<SandboxInstance> result)
    {
        Assert.True(result.TryGet(out var record, out var error), error?.Text);
        return record;
    }

    private static SandboxError Refused(Result<SandboxInstance> result)
    {
        Assert.False(result.TryGet(out _, out var error), "it was accepted");
        return error;
    }

    private static Task<Result<SandboxInstance>> StopWithoutWaitingAsync(ClusterOperator contested, SandboxId id) =>
        contested.StopAsync(id, StopReason.Asked, CancellationToken);

    [Fact]
    public async Task Restart_OverTheQuota_SaysWhichOne()
    {
        var record = await SubmittedAsync();
        Ok(await Operator(_file.Records).StopAsync(record.Id, StopReason.Asked, CancellationToken));
        await _file.Tenants.PutAsync(new Tenant(Tenant.Default, new TenantQuota(Sandboxes: 0)), CancellationToken);

        var refused = await _operator.RestartAsync(record.Id, CancellationToken);

        Assert.False(refused.TryGet(out _, out var error));
        Assert.Equal(new SandboxError.QuotaExceeded("sandboxes", "0", null), error);
    }

    private ClusterOperator Operator(ISandboxStore records)
    {
        var options = new OperatorOptions { StopWait = records == _records ? TimeSpan.FromSeconds(15) : TimeSpan.Zero };
        return new ClusterOperator(
            records, _placement, _transitions, new TransitionWriter(records, _file.Tenants, _feed, options),
            new SandboxWaits(records, _jobs, _feed, options, _time), new CommitRequests(records, _file.Commits, _feed, _time), _time);
    }

    private async Task<SandboxInstance> SubmittedAsync(string? id = null, SandboxSpec? spec = null) =>
        Ok(await _operator.SubmitAsync(Given.Pending(id) with { Spec = spec ?? Given.Spec }, null, CancellationToken));

    private async Task<SandboxInstance> RunningAsync(SandboxSpec? spec = null)
    {
        var pending = await SubmittedAsync(spec: spec);
        await _jobs.TryCompleteAsync(await ClaimAsync<StartSandboxJob>(), CancellationToken);
        return await WriteAsync(SandboxTransitions.Alive(pending, Given.Now));
    }

    private async Task<SandboxInstance> StoppedAsync()
    {
        var stopping = _operator.StopAsync((await RunningAsync()).Id, StopReason.Asked, CancellationToken);
        await _jobs.TryCompleteAsync(await ClaimAsync<StopSandboxJob>(), CancellationToken);
        return Ok(await stopping.WaitAsync(Generous, CancellationToken));
    }

    private async Task<SandboxInstance> DeletedAsync()
    {
        var deleting = _operator.DeleteAsync((await StoppedAsync()).Id, CancellationToken);
        await _jobs.TryCompleteAsync(await ClaimAsync<RemoveSandboxJob>(), CancellationToken);
        return Ok(await deleting.WaitAsync(Generous, CancellationToken));
    }

    private async Task<SandboxInstance> WriteAsync(Result<SandboxTransition> decided)
    {
        Assert.True(decided.TryGet(out var transition, out var error), error?.Text);
        Assert.True(await _records.TryTransitionAsync(transition, CancellationToken), "another writer was first");
        return transition.Next;
    }

    private Task<ClaimedJob> ClaimAsync() => ClaimAsync<SandboxJob>();

    /// <summary>Waits until there is a job, as a worker does.</summary>
    private async Task<ClaimedJob> ClaimAsync<TJob>()
        where TJob : SandboxJob
    {
        while (true)
        {
            using var change = _feed.SubscribeAll();
            if (await _jobs.ClaimAsync(new JobClaim("n", 1, Generous), CancellationToken) is [var job])
            {
                Assert.IsAssignableFrom<TJob>(job.Job);
                return job;
            }

            await change.Changed.WaitAsync(Generous, CancellationToken);
        }
    }

    private sealed class Placement : IPlacement
    {
        public SandboxError? Error { get; set; }

        public Task<SandboxError?> CheckAsync(SandboxSpec spec, CancellationToken cancellationToken) => Task.FromResult(Error);

        public Task<DeploymentKind> ChooseAsync(CancellationToken cancellationToken) => Task.FromResult(DeploymentKind.Docker);
    }

    /// <summary>Real records, where another writer is faster a number of times.</summary>
    private sealed class Contested(ISandboxStore records, int losses) : ISandboxStore
    {
        private int _losses = losses;

        public int Tries { get; private set; }

        public Task<Result<SandboxInstance>> TryCreateAsync(SandboxInstance first, SandboxJob job, CancellationToken cancellationToken) =>
            records.TryCreateAsync(first, job, cancellationToken);

        public Task<SandboxInstance?> FindAsync(SandboxId id, CancellationToken cancellationToken) =>
            records.FindAsync(id, cancellationToken);

        public async Task<bool> TryTransitionAsync(SandboxTransition transition, CancellationToken cancellationToken)
        {
            Tries++;
            return _losses-- <= 0 && await records.TryTransitionAsync(transition, cancellationToken);
        }

        public Task<bool> TryUpdateFactsAsync(SandboxInstance next, CancellationToken cancellationToken) =>
            records.TryUpdateFactsAsync(next, cancellationToken);

        public Task<bool> TryReplaceEgressAsync(SandboxInstance next, CancellationToken cancellationToken) =>
            records.TryReplaceEgressAsync(next, cancellationToken);

        public Task<SandboxPage> ListAsync(SandboxQuery query, CancellationToken cancellationToken) =>
            records.ListAsync(query, cancellationToken);

        public Task<IReadOnlyList<SandboxInstance>> DueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
            records.DueAsync(now, limit, cancellationToken);

        public Task<int> PurgeAsync(int limit, CancellationToken cancellationToken) => records.PurgeAsync(limit, cancellationToken);
    }
}
