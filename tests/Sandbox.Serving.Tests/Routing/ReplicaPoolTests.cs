using System.Collections.Immutable;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Serving.Routing;

namespace Sandbox.Serving.Tests.Routing;

public sealed class ReplicaPoolTests : IDisposable
{
    private static readonly RoutingOptions Options = new() { MostOutstanding = 2, MostWaiting = 2, AffinitySlack = 1 };

    private readonly FakeTimeProvider _time = new();
    private readonly ReplicaPool _pool;

    public ReplicaPoolTests() => _pool = new(Options, _time);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _pool.Dispose();

    [Fact]
    public async Task Acquire_OfSeveral_TakesTheLeastBusyAndEqualOnesInTurn()
    {
        Add("a", "b", "c");

        var first = new[] { await TakeAsync(), await TakeAsync(), await TakeAsync() };
        Assert.Equal(["a", "b", "c"], first.Select(lease => lease.Replica.Id).Order());

        first[1].End(RequestOutcome.Answered);
        Assert.Equal(first[1].Replica.Id, (await TakeAsync()).Replica.Id);
    }

    [Fact]
    public async Task Acquire_WithAnAffinity_TakesTheSameUntilItIsTooFarAhead()
    {
        using var pool = new ReplicaPool(Options with { MostOutstanding = 100 }, _time);
        Add(pool, "a", "b", "c");
        var key = AffinityKey.OfSession("tenant", "session");

        var first = await TakeAsync(pool, key);
        var second = await TakeAsync(pool, key);
        var third = await TakeAsync(pool, key);

        Assert.Equal(first.Replica.Id, second.Replica.Id);
        Assert.NotEqual(second.Replica.Id, third.Replica.Id);
        first.End(RequestOutcome.Answered);
        second.End(RequestOutcome.Answered);
        Assert.Equal(first.Replica.Id, (await TakeAsync(pool, key)).Replica.Id);
    }

    [Fact]
    public async Task Acquire_WhileAllAreBusy_WaitsInTheOrderOfArrival()
    {
        Add("a");
        var held = new[] { await TakeAsync(), await TakeAsync() };
        var (second, third) = (AcquireAsync(), AcquireAsync());

        Assert.False(second.IsCompleted, "a request got a place beyond the most that a replica may have");
        held[0].End(RequestOutcome.Answered);
        var lease = Lease(await second);
        Assert.False(third.IsCompleted, "one place was given to two requests");
        lease.End(RequestOutcome.Answered);
        Assert.Equal("a", Lease(await third).Replica.Id);
        Assert.Equal(0, _pool.Waiting);
    }

    [Fact]
    public async Task Acquire_BeyondTheQueue_IsRefusedAtOnce()
    {
        Add("a");
        _ = (await TakeAsync(), await TakeAsync());
        var waiting = new[] { AcquireAsync(), AcquireAsync() };

        var refused = Assert.IsType<AcquireOutcome.QueueFull>(await AcquireAsync());

        Assert.InRange(refused.RetryAfter, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(60));
        Assert.Equal(2, _pool.Waiting);
        Assert.All(waiting, request => Assert.False(request.IsCompleted, "a request that had waited was refused for a later one"));
    }

    [Fact]
    public async Task Acquire_WithoutAReplicaInTime_IsUnavailable()
    {
        var waiting = AcquireAsync();

        _time.Advance(Options.LongestWait);

        Assert.IsType<AcquireOutcome.Unavailable>(await waiting);
        Assert.Equal(0, _pool.Waiting);
    }

    [Fact]
    public async Task Acquire_BeforeTheFirstReplica_IsHeldUntilItComes()
    {
        var waiting = AcquireAsync();

        Add("a");

        Assert.Equal("a", Lease(await waiting).Replica.Id);
    }

    [Fact]
    public async Task Acquire_OfAModelThatIsTakenAway_IsUnavailable()
    {
        Add("a");
        var (held, other) = (await TakeAsync(), await TakeAsync());
        var waiting = AcquireAsync();

        _pool.Dispose();

        Assert.IsType<AcquireOutcome.Unavailable>(await waiting);
        held.End(RequestOutcome.Answered);
        other.End(RequestOutcome.Refused);
        Assert.IsType<AcquireOutcome.Unavailable>(await AcquireAsync());
    }

    [Fact]
    public async Task Acquire_Cancelled_LeavesNothingBehind()
    {
        using var client = new CancellationTokenSource();
        var waiting = _pool.AcquireAsync(null, [], client.Token);

        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, _pool.Waiting);
        Add("a");
        Assert.Equal(0, _pool.Outstanding["a"]);
    }

    [Fact]
    public async Task Retry_AfterAFailure_GoesToAnotherReplicaAndNeverToTheSame()
    {
        Add("a", "b");
        var failed = await TakeAsync();
        failed.End(RequestOutcome.Failed);

        var retried = Lease(await _pool.AcquireAsync(null, [failed.Replica.Id], Cancellation));
        Assert.NotEqual(failed.Replica.Id, retried.Replica.Id);
        retried.End(RequestOutcome.Failed);

        Assert.IsType<AcquireOutcome.Unavailable>(await _pool.AcquireAsync(null, ["a", "b"], Cancellation));
        Assert.Equal(0, _pool.Waiting);
    }

    [Fact]
    public async Task Replica_ThatRefusesAConnection_GetsNoRequestUntilItsTrial()
    {
        using var pool = new ReplicaPool(Options with { MostOutstanding = 100 }, _time);
        Add(pool, "a", "b");
        var refused = await TakeAsync(pool);

        refused.End(RequestOutcome.Refused);
        for (var request = 0; request < 8; request++)
        {
            Assert.NotEqual(refused.Replica.Id, (await TakeAsync(pool)).Replica.Id);
        }

        _time.Advance(Options.EjectionTime);
        var trial = await TakeAsync(pool);
        Assert.Equal(refused.Replica.Id, trial.Replica.Id);
        Assert.NotEqual(refused.Replica.Id, (await TakeAsync(pool)).Replica.Id);
        trial.End(RequestOutcome.Answered);
        Assert.Equal(refused.Replica.Id, (await TakeAsync(pool)).Replica.Id);
        Assert.Equal(refused.Replica.Id, (await TakeAsync(pool)).Replica.Id);
    }

    [Fact]
    public async Task Trial_ThatFails_DoublesTheTimeWithoutRequests()
    {
        Add("a");
        (await TakeAsync()).End(RequestOutcome.Refused);
        _time.Advance(Options.EjectionTime);
        (await TakeAsync()).End(RequestOutcome.Failed);

        var waiting = AcquireAsync();
        _time.Advance(Options.EjectionTime);
        Assert.False(waiting.IsCompleted, "a replica whose trial failed was tried again after the same time");
        _time.Advance(Options.EjectionTime);

        Assert.Equal("a", Lease(await waiting).Replica.Id);
    }

    [Fact]
    public async Task Failures_WithAnAnswerBetween_DoNotEject()
    {
        Add("a");
        RequestOutcome[] outcomes =
        [
            RequestOutcome.Failed, RequestOutcome.Failed, RequestOutcome.Answered, RequestOutcome.Failed, RequestOutcome.Abandoned,
            RequestOutcome.Failed,
        ];

        foreach (var outcome in outcomes)
        {
            (await TakeAsync()).End(outcome);
            Assert.True(_pool.CanTake, $"ejected after {outcome}, although no {Options.FailuresToEject} failures came in a row");
        }

        (await TakeAsync()).End(RequestOutcome.Failed);
        Assert.False(_pool.CanTake, "not ejected after three failures in a row");
    }

    [Fact]
    public async Task Request_FromBeforeAnEjection_SaysNothingAboutTheTimeAfterIt()
    {
        Add("a");
        var old = await TakeAsync();
        _pool.ReportHealth("a", RequestOutcome.Refused);
        _time.Advance(Options.EjectionTime);

        old.End(RequestOutcome.Failed);

        Assert.True(_pool.CanTake, "a request from before the ejection ejected the replica again");
    }

    [Fact]
    public async Task Drain_OfAReplica_CompletesWithItsLastRequest()
    {
        Add("a", "b");
        var leases = new[] { await TakeAsync(), await TakeAsync() };
        var onA = leases.Single(lease => lease.Replica.Id == "a");

        var drained = _pool.DrainAsync("a", Cancellation);

        Assert.False(drained.IsCompleted, "a replica counts as drained while a request is at it");
        Assert.Equal("b", (await TakeAsync()).Replica.Id);
        onA.End(RequestOutcome.Answered);
        await drained;
        await _pool.DrainAsync("unknown", Cancellation);
        Assert.Equal(["b"], _pool.Outstanding.Keys);
    }

    [Fact]
    public async Task Lease_EndedTwice_GivesOnePlaceBack()
    {
        Add("a");
        _ = await TakeAsync();
        var lease = await TakeAsync();

        lease.End(RequestOutcome.Answered);
        lease.Dispose();

        Assert.Equal(1, _pool.Outstanding["a"]);
    }

    [Fact]
    public async Task Requests_OfManyThreads_NeverExceedThePlacesAndLeaveNoneTaken()
    {
        using var pool = new ReplicaPool(Options with { MostOutstanding = 3, MostWaiting = 10_000 }, TimeProvider.System);
        Add(pool, "a", "b");
        var (now, most) = (0, 0);

        await Parallel.ForEachAsync(Enumerable.Range(0, 2_000), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (index, token) =>
        {
            using var lease = Lease(await pool.AcquireAsync(AffinityKey.OfSession("t", $"{index % 5}"), [], token));
            InterlockedMax(ref most, Interlocked.Increment(ref now));
            await Task.Yield();
            Interlocked.Decrement(ref now);
        });

        Assert.InRange(most, 1, 6);
        Assert.Equal((0, 0, 0), (pool.Outstanding["a"], pool.Outstanding["b"], pool.Waiting));
    }

    private static void InterlockedMax(ref int most, int value)
    {
        for (var seen = most; seen < value; seen = most)
        {
            Interlocked.CompareExchange(ref most, value, seen);
        }
    }

    private void Add(params string[] ids) => Add(_pool, ids);

    private static void Add(ReplicaPool pool, params string[] ids)
    {
        foreach (var id in ids)
        {
            pool.Add(new(id, new($"http://{id}:8000")));
        }
    }

    private Task<AcquireOutcome> AcquireAsync() => _pool.AcquireAsync(null, [], Cancellation);

    private Task<ReplicaLease> TakeAsync() => TakeAsync(_pool);

    private static async Task<ReplicaLease> TakeAsync(ReplicaPool pool, AffinityKey? affinity = null) =>
        Lease(await pool.AcquireAsync(affinity, ImmutableHashSet<string>.Empty, Cancellation));

    private static ReplicaLease Lease(AcquireOutcome outcome) => Assert.IsType<AcquireOutcome.Acquired>(outcome).Lease;
}
