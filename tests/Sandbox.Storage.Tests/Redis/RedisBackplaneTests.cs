using System.Threading.Channels;
using Sandbox.Contracts.Ids;
using Sandbox.Storage.Feeds;
using Sandbox.Testing.Redis;

namespace Sandbox.Storage.Tests.Redis;

/// <summary>Wake-ups from process to process while Redis comes and goes.</summary>
public sealed class RedisBackplaneTests : IAsyncLifetime
{
    private static readonly SandboxId One = SandboxId.Parse("one");

    private RedisServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await RedisServer.StartAsync();

    public async ValueTask DisposeAsync() => await RedisFeedTests.CloseAsync(_server);

    [Fact]
    public async Task Publish_WakesWhoeverWaitsInAnotherProcess()
    {
        await using var here = await RedisClient.ReadyAsync(_server);
        await using var there = await RedisClient.ReadyAsync(_server);
        using var one = there.Feed.Subscribe(One);
        using var access = there.Feed.SubscribeAccess();
        using var other = there.Feed.Subscribe(SandboxId.Parse("other"));

        here.Feed.Publish(One);
        here.Feed.PublishAccess();

        await RedisClient.Happens(one.Changed, "a change is heard in another process");
        await RedisClient.Happens(access.Changed, "a change of keys is heard in another process");
        Assert.False(other.Changed.IsCompleted);
    }

    [Fact]
    public async Task Publish_OfMany_IsHeardForEachOfThem()
    {
        await using var here = await RedisClient.ReadyAsync(_server);
        await using var there = await RedisClient.ReadyAsync(_server);
        var ids = Enumerable.Range(0, 1000).Select(_ => SandboxId.New()).ToArray();
        var waits = ids.Select(there.Feed.Subscribe).ToArray();

        foreach (var id in ids)
        {
            here.Feed.Publish(id);
        }

        await RedisClient.Happens(Task.WhenAll(waits.Select(wait => wait.Changed)), "each of a thousand changes is heard");
    }

    [Fact]
    public async Task Restart_OfRedis_WakesWhoeverWaitsAndCarriesAgain()
    {
        await using var here = await RedisClient.ReadyAsync(_server);
        await using var there = await RedisClient.ReadyAsync(_server);
        using var before = there.Feed.Subscribe(One);

        await _server.KillAsync();
        await RedisClient.Happens(there.Backplane.Deaf, "a backplane notices that Redis is gone");
        await RedisClient.Happens(before.Changed, "a waiter is woken: something may have been missed");
        using var during = there.Feed.Subscribe(One);
        await _server.StartAgainAsync();

        await RedisClient.Happens(during.Changed, "a waiter is woken when the connection is there again");
        await RedisClient.Happens(Task.WhenAll(here.Backplane.Hearing, there.Backplane.Hearing), "wake-ups arrive again");
        using var after = there.Feed.Subscribe(One);
        here.Feed.Publish(One);
        await RedisClient.Happens(after.Changed, "a change is heard again");
    }

    [Fact]
    public async Task Pause_OfRedis_IsNoticedThoughItsConnectionsStay()
    {
        await using var here = await RedisClient.ReadyAsync(_server, patience: RedisClient.Impatient);

        _server.Pause();
        await RedisClient.Happens(here.Backplane.Deaf, "a backplane notices that Redis says nothing");
        using var waiting = here.Feed.Subscribe(One);
        _server.Continue();

        await RedisClient.Happens(waiting.Changed, "a waiter is woken when Redis goes on");
        await RedisClient.Happens(here.Backplane.Hearing, "it hears again");
    }

    [Fact]
    public async Task Publish_WhileRedisIsSilent_WakesThisProcessAndGoesByTheNextCarrier()
    {
        await using var spare = new Spare();
        await using var here = await RedisClient.ReadyAsync(_server, spare, RedisClient.Impatient);
        _server.Pause();
        await RedisClient.Happens(here.Backplane.Deaf, "a backplane notices that Redis says nothing");
        using var waiting = here.Feed.Subscribe(One);

        here.Feed.Publish(One);

        Assert.True(waiting.Changed.IsCompleted, "this process needs no backplane");
        var sent = await spare.Sent.Reader.ReadAsync(TestContext.Current.CancellationToken);
        Assert.EndsWith(" one", sent, StringComparison.Ordinal);
        _server.Continue();
        await RedisClient.Happens(here.Backplane.Hearing, "it hears again");
        await using var there = await RedisClient.ReadyAsync(_server);
        using var heard = there.Feed.Subscribe(One);
        here.Feed.Publish(One);
        await RedisClient.Happens(heard.Changed, "changes go through Redis again");
        Assert.False(spare.Sent.Reader.TryPeek(out _), "the spare backplane is not used while Redis works");
    }

    /// <summary>Another backplane, to see what is given to it.</summary>
    private sealed class Spare : IChangeBackplane
    {
        public Channel<string> Sent { get; } = Channel.CreateUnbounded<string>();

        public void Listen(Action<string> heard, Action missed)
        {
        }

        public Task<bool> TrySendAsync(string message, CancellationToken cancellationToken) =>
            Task.FromResult(Sent.Writer.TryWrite(message));

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
