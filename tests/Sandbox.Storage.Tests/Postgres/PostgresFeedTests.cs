using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Feeds;
using Sandbox.Storage.Postgres;
using Sandbox.Storage.Tests.Contract;
using Sandbox.Storage.Tests.Redis;
using Sandbox.Testing.Postgres;
using Sandbox.Testing.Redis;

namespace Sandbox.Storage.Tests.Postgres;

/// <summary>The contract, met by <c>NOTIFY</c>, and wake-ups from process to process.</summary>
public sealed class PostgresFeedTests : ChangeFeedContract
{
    private static readonly SandboxId One = SandboxId.Parse("one");

    private readonly Stack<IAsyncDisposable> _opened = [];
    private string _connection = "";

    [Fact]
    public async Task Publish_WakesWhoeverWaitsInAnotherProcess()
    {
        var (here, _) = await ReadyAsync();
        var (there, _) = await ReadyAsync();
        using var one = there.Subscribe(One);
        using var access = there.SubscribeAccess();
        using var rollouts = there.SubscribeRollouts();
        using var other = there.Subscribe(SandboxId.Parse("other"));
        using var collector = there.Collect();

        here.Publish(One);
        here.PublishAccess();
        here.PublishRollouts();

        await RedisClient.Happens(one.Changed, "a change is heard in another process");
        await RedisClient.Happens(access.Changed, "a change of keys is heard in another process");
        await RedisClient.Happens(rollouts.Changed, "a change of a rollout is heard in another process");
        Assert.Equal(One, Assert.Single(collector.Take().Ids));
        Assert.False(other.Changed.IsCompleted);
    }

    [Fact]
    public async Task Publish_OfMany_IsHeardForEachOfThem()
    {
        var (here, _) = await ReadyAsync();
        var (there, _) = await ReadyAsync();
        var ids = Enumerable.Range(0, 1000).Select(i => SandboxId.Parse(i.ToString("D63", null))).ToArray();
        var waits = ids.Select(there.Subscribe).ToArray();

        foreach (var id in ids)
        {
            here.Publish(id);
        }

        await RedisClient.Happens(
            Task.WhenAll(waits.Select(wait => wait.Changed)), "each of a thousand changes with the longest ids is heard");
    }

    [Fact]
    public async Task LineThatIsCut_IsMadeAnew_AndWhoeverWaitsIsWoken()
    {
        var time = new FakeTimeProvider();
        var (here, _) = await ReadyAsync();
        var (there, _) = await ReadyAsync(time);
        using var before = there.Subscribe(One);

        await CutAsync();

        await RedisClient.Happens(before.Changed, "a waiter is woken when the connection is lost");
        using var waiting = there.Subscribe(One);
        await RedisClient.Happens(
            PassUntilAsync(time, waiting.Changed), "and again when it is there again: something may have been missed");
        using var again = there.Subscribe(One);
        here.Publish(One);
        await RedisClient.Happens(again.Changed, "changes are heard again");

        // The pause before the next try begins some time after the loss: time passes until it is over.
        static async Task PassUntilAsync(FakeTimeProvider time, Task happens)
        {
            while (!happens.IsCompleted)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                await Task.Yield();
                TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            }
        }
    }

    [Fact]
    public async Task Notify_IsTheWayWhileRedisIsSilent()
    {
        await using var server = await RedisServer.StartAsync();
        var (_, spareHere) = Backplane();
        var (_, spareThere) = Backplane();
        await using var here = await RedisClient.ReadyAsync(server, spareHere, RedisClient.Impatient);
        await using var there = await RedisClient.ReadyAsync(server, spareThere, RedisClient.Impatient);
        await RedisClient.Happens(Task.WhenAll(spareHere.Listening, spareThere.Listening), "both listen to Postgres too");

        server.Pause();
        await RedisClient.Happens(Task.WhenAll(here.Backplane.Deaf, there.Backplane.Deaf), "both notice that Redis says nothing");
        using var waiting = there.Feed.Subscribe(One);
        here.Feed.Publish(One);

        await RedisClient.Happens(waiting.Changed, "a change is heard while Redis is silent");
        Assert.False(there.Backplane.Hearing.IsCompleted, "it was not Redis that woke it");
        server.Continue();
    }

    protected override async ValueTask<IChangeFeed> OpenAsync()
    {
        var server = await PostgresServer.SharedAsync();
        _connection = await server.NewDatabaseAsync();
        return (await ReadyAsync()).Feed;
    }

    protected override async ValueTask CloseAsync()
    {
        while (_opened.TryPop(out var opened))
        {
            await opened.DisposeAsync();
        }
    }

    protected override int Waiting(IChangeFeed feed) => ((ClusterChangeFeed)feed).Waiting;

    private (PostgresDatabase Database, PostgresBackplane Backplane) Backplane(TimeProvider? time = null)
    {
        var database = PostgresDatabase.Of(_connection, TimeProvider.System);
        _opened.Push(database);
        return (database, new PostgresBackplane(database, time ?? TimeProvider.System, NullLogger<PostgresBackplane>.Instance));
    }

    private async Task<(ClusterChangeFeed Feed, PostgresBackplane Backplane)> ReadyAsync(TimeProvider? time = null)
    {
        var (_, backplane) = Backplane(time);
        var feed = new ClusterChangeFeed([backplane]);
        _opened.Push(feed);
        await RedisClient.Happens(backplane.Listening, "it listens");
        return (feed, backplane);
    }

    private async Task CutAsync()
    {
        await using var connection = new NpgsqlConnection(_connection + ";Pooling=false");
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
            connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
