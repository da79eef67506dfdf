using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Storage.InMemory;
using Sandbox.Storage.Live;
using Sandbox.Storage.Redis;
using Sandbox.Storage.Tests.Contract;
using Sandbox.Storage.Tests.Sqlite;
using Sandbox.Testing.Redis;

namespace Sandbox.Storage.Tests.Redis;

/// <summary>Redis is speed, never truth: the records and their live entries while Redis comes and goes.</summary>
public sealed class RedisFaultTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(Given.Now);

    private SqliteFile _file = null!;
    private RedisServer _server = null!;
    private RedisClient _redis = null!;
    private LiveSandboxStore _store = null!;

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await RedisServer.StartAsync();
        _file = SqliteFile.Open(_time);
        _redis = await RedisClient.ReadyAsync(_server);
        _store = StoreOver(_redis);
    }

    [Fact]
    public async Task Entry_StandsUnderItsTwoKeys_AndIsEvictedWithBoth()
    {
        var running = await TransitionedAsync(await CreatedAsync(), SandboxEvent.Alive);
        var alive = await _server.CommandAsync($"GET alive:{running.Id}");
        Assert.Contains("\"state\":\"running\"", alive, StringComparison.Ordinal);
        Assert.Equal((1, 1), (await _server.CountAsync("alive:*"), await _server.CountAsync("timeout:*")));

        await TransitionedAsync(running, SandboxEvent.Stop);

        Assert.Equal((0, 0), (await _server.CountAsync("alive:*"), await _server.CountAsync("timeout:*")));
    }

    [Fact]
    public async Task Absence_AtStart_FailsNothingAndEndsWhenRedisComes()
    {
        await using var later = RedisServer.Absent();
        await using var redis = RedisClient.Begin(later);
        var store = StoreOver(redis);

        var record = await CreatedAsync(store);
        var running = await TransitionedAsync(record, SandboxEvent.Alive, store);
        Assert.Null(await redis.Live.FindAsync(running.Id, running.Version, CancellationToken));
        await later.StartAgainAsync();

        await RedisClient.Happens(redis.Connection.Closed, "the circuit closes by itself when Redis comes");
        await TransitionedAsync(await CreatedAsync(store), SandboxEvent.Alive, store);
        Assert.Equal(1, await later.CountAsync("alive:*"));
    }

    [Fact]
    public async Task Kill_InTheMiddle_FailsNoWriteAndOpensTheCircuit()
    {
        var record = await CreatedAsync();
        await _server.KillAsync();

        var running = await TransitionedAsync(record, SandboxEvent.Alive);
        var stopped = await TransitionedAsync(running, SandboxEvent.Stop);

        await RedisClient.Happens(_redis.Connection.Opened, "the circuit opens when Redis is gone");
        var found = await _file.Records.FindAsync(stopped.Id, CancellationToken);
        Assert.Equal(SandboxState.Stopped, found!.State);
        Assert.Contains("busybox", found.LiveSnapshot, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pause_OfRedis_CostsOneCallItsTimeoutAndTheOthersNothing()
    {
        await BecomeImpatientAsync();
        var record = await CreatedAsync();
        _server.Pause();

        var running = await TransitionedAsync(record, SandboxEvent.Alive);

        await RedisClient.Happens(_redis.Connection.Opened, "the circuit opens when Redis says nothing");
        // While it is open no call is even tried: each of these has its answer before it could be waited for.
        var find = _redis.Live.FindAsync(running.Id, running.Version, CancellationToken);
        var put = _redis.Live.PutTimeoutAsync(
            running.Id, running.Version, new LiveTimeout(TimeSpan.FromMinutes(1), Given.Now), CancellationToken);
        Assert.True(find.IsCompletedSuccessfully && put.IsCompletedSuccessfully, "an open circuit answers at once");
        Assert.Null(await find);

        _server.Continue();
        await RedisClient.Happens(_redis.Connection.Closed, "the circuit closes when Redis goes on");
    }

    [Fact]
    public async Task Pause_ThroughAStop_LeavesNoEntryBehind()
    {
        await BecomeImpatientAsync();
        var running = await TransitionedAsync(await CreatedAsync(), SandboxEvent.Alive);
        _server.Pause();
        await TransitionedAsync(running, SandboxEvent.Stop);
        _server.Continue();
        await RedisClient.Happens(_redis.Connection.Closed, "the circuit closes when Redis goes on");

        await RepairsAreWrittenAsync();

        Assert.Equal((0, 0), (await _server.CountAsync("alive:*"), await _server.CountAsync("timeout:*")));
    }

    [Fact]
    public async Task Restart_WithoutItsData_GetsTheEntriesBackThatItMissed()
    {
        var record = await CreatedAsync();
        await _server.KillAsync();
        var running = await TransitionedAsync(record, SandboxEvent.Alive);
        await RedisClient.Happens(_redis.Connection.Opened, "the circuit opens when Redis is gone");
        await _server.StartAgainAsync();
        await RedisClient.Happens(_redis.Connection.Closed, "the circuit closes when Redis is back");

        await RepairsAreWrittenAsync();

        Assert.Equal("running", (await _redis.Live.FindAsync(running.Id, running.Version, CancellationToken))!["state"]!.ToString());
    }

    [Fact]
    public async Task Flush_LosesEntriesButNoAnswer_AndTheNextWriteMakesThemAgain()
    {
        var record = await CreatedAsync();
        await _server.FlushAsync();

        var running = await TransitionedAsync(record, SandboxEvent.Alive);

        var entry = await _redis.Live.FindAsync(running.Id, running.Version, CancellationToken);
        Assert.Equal(("running", "busybox"), (entry!["state"]!.ToString(), entry["image"]!.ToString()));
        await _server.FlushAsync();
        var stopped = await TransitionedAsync(running, SandboxEvent.Stop);
        Assert.Contains("busybox", (await _file.Records.FindAsync(stopped.Id, CancellationToken))!.LiveSnapshot, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Flush_AndAWriteThatComesLate_AreNotBelieved()
    {
        var running = await TransitionedAsync(await CreatedAsync(), SandboxEvent.Alive);
        var stopped = await TransitionedAsync(running, SandboxEvent.Stop);
        await _server.FlushAsync();

        // A process that was paused since it committed the sandbox's life, and knows nothing of its end.
        await new LiveCache(_redis.Live, _time).UpdateAsync(running with { HostIp = "10.9.9.9" }, running.Version, CancellationToken);
        var again = await TransitionedAsync(stopped, SandboxEvent.Restart);

        var entry = await _redis.Live.FindAsync(again.Id, again.Version, CancellationToken);
        Assert.Equal("pending", entry!["state"]!.ToString());
        Assert.NotEqual("10.9.9.9", entry.GetValueOrDefault("host_ip")?.ToString());
    }

    [Fact]
    public async Task Amends_OfOneProcess_RacingAStopOfAnother_LeaveNoEntryBehind()
    {
        await using var otherRedis = await RedisClient.ReadyAsync(_server);
        var other = StoreOver(otherRedis);
        for (var i = 0; i < 30; i++)
        {
            var running = await TransitionedAsync(await CreatedAsync(), SandboxEvent.Alive);

            await Task.WhenAll(
                Task.Run(() => other.TryUpdateFactsAsync(running with { HostIp = "10.0.0.1" }, CancellationToken)),
                Task.Run(
                    () => _store.TryTransitionAsync(
                        new SandboxTransition(running, running.Apply(SandboxEvent.Stop), null), CancellationToken)),
                Task.Run(() => other.TryUpdateFactsAsync(running with { HostIp = "10.0.0.2" }, CancellationToken)));

            Assert.Equal((0, 0), (await _server.CountAsync("alive:*"), await _server.CountAsync("timeout:*")));
        }
    }

    [Fact]
    public async Task Damage_InAnEntry_IsAsIfItWereNotThere()
    {
        var record = await CreatedAsync();
        await _server.CommandAsync($"SET alive:{record.Id} nonsense");
        await _server.CommandAsync($"DEL timeout:{record.Id}");
        await _server.CommandAsync($"LPUSH timeout:{record.Id} nonsense");

        Assert.Null(await _redis.Live.FindAsync(record.Id, record.Version, CancellationToken));
        Assert.Null(await _redis.Live.FindTimeoutAsync(record.Id, record.Version, CancellationToken));
        Assert.True(_redis.Connection.IsClosed, "a refusal of Redis is an answer, not silence");
        await TransitionedAsync(record, SandboxEvent.Alive);
    }

    /// <summary>From here on a Redis that says nothing is given up soon.</summary>
    private async Task BecomeImpatientAsync()
    {
        await _redis.DisposeAsync();
        _redis = await RedisClient.ReadyAsync(_server, patience: RedisClient.Impatient);
        _store = StoreOver(_redis);
    }

    public async ValueTask DisposeAsync() => await RedisFeedTests.CloseAsync(_redis, _server, _file);

    private LiveSandboxStore StoreOver(RedisClient redis) => new(_file.Records, new LiveCache(redis.Live, _time), new InMemoryChangeFeed());

    /// <summary>Runs the worker of pending repairs until none is left.</summary>
    private async Task RepairsAreWrittenAsync()
    {
        using var writer = new CacheRepairWorker(
            _redis.Connection, _redis.Repairs, _file.Records, new LiveCache(_redis.Live, _time), TimeProvider.System,
            NullLogger<CacheRepairWorker>.Instance);
        await writer.WriteOwedAsync(CancellationToken);
    }

    private Task<SandboxInstance> CreatedAsync() => CreatedAsync(_store);

    private static async Task<SandboxInstance> CreatedAsync(LiveSandboxStore store)
    {
        var first = Given.Pending();
        Assert.True(
            (await store.TryCreateAsync(first, Given.StartOf(first), CancellationToken)).TryGet(out var record, out var error),
            error?.Text);
        return record;
    }

    private async Task<SandboxInstance> TransitionedAsync(SandboxInstance from, SandboxEvent happened, LiveSandboxStore? store = null)
    {
        var next = from.Apply(happened);
        Assert.True(
            await (store ?? _store).TryTransitionAsync(new SandboxTransition(from, next, null), CancellationToken),
            $"{happened} was refused");
        return next;
    }
}
