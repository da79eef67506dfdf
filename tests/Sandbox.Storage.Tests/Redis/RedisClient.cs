using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sandbox.Storage.Feeds;
using Sandbox.Storage.Redis;
using Sandbox.Testing.Redis;

namespace Sandbox.Storage.Tests.Redis;

/// <summary>What one process has of Redis. The clock is the machine's: the server on the other side has no other.</summary>
internal sealed class RedisClient : IAsyncDisposable
{
    private readonly ClusterChangeFeed? _feed;

    private RedisClient(RedisServer server, IChangeCarrier? spare, bool listens)
    {
        Connection = new RedisConnection(
            RedisTarget.Parse(server.ConnectionString),
            Options.Create(new RedisOptions { CallTimeout = TimeSpan.FromSeconds(1), Probe = TimeSpan.FromMilliseconds(50) }),
            TimeProvider.System,
            NullLogger<RedisConnection>.Instance);
        Live = new RedisLiveStore(Connection, Owed);
        Carrier = new RedisCarrier(Connection, TimeProvider.System, NullLogger<RedisCarrier>.Instance);
        if (listens)
        {
            _feed = new ClusterChangeFeed(spare is null ? [Carrier] : [Carrier, spare]);
        }
    }

    public RedisConnection Connection { get; }

    public OwedWrites Owed { get; } = new();

    public RedisLiveStore Live { get; }

    public RedisCarrier Carrier { get; }

    public ClusterChangeFeed Feed => _feed ?? throw new InvalidOperationException("It does not listen.");

    /// <summary>As a process begins: nothing waits for Redis.</summary>
    public static RedisClient Begin(RedisServer server, IChangeCarrier? spare = null) => new(server, spare, listens: true);

    /// <summary>As it is when Redis has answered and wake-ups arrive.</summary>
    public static async Task<RedisClient> ReadyAsync(RedisServer server, IChangeCarrier? spare = null)
    {
        var client = Begin(server, spare);
        await Happens(client.Connection.Closed, "the circuit closes when Redis answers");
        await Happens(client.Carrier.Hearing, "wake-ups arrive when Redis answers");
        return client;
    }

    public static async Task Happens(Task something, string what)
    {
        try
        {
            await something.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"expected that {what}, but within 30 s that did not happen");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_feed is not null)
        {
            await _feed.DisposeAsync();
        }

        await Connection.DisposeAsync();
    }
}
