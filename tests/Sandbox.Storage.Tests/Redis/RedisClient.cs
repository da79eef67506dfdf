using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Sandbox.Storage.Feeds;
using Sandbox.Storage.Redis;
using Sandbox.Testing.Redis;

namespace Sandbox.Storage.Tests.Redis;

/// <summary>What one process has of Redis. The clock is the machine's: the server on the other side has no other.</summary>
internal sealed class RedisClient : IAsyncDisposable
{
    /// <summary>Where Redis is put to sleep, so that it is given up soon. Everybody else hears what a slow machine answers, too.</summary>
    public static readonly TimeSpan Impatient = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Patient = TimeSpan.FromSeconds(5);

    private readonly ClusterChangeFeed? _feed;

    private RedisClient(RedisServer server, IChangeBackplane? spare, bool listens, TimeSpan patience)
    {
        Connection = new RedisConnection(
            RedisTarget.Parse(server.ConnectionString),
            Options.Create(new RedisOptions { CallTimeout = patience, Probe = TimeSpan.FromMilliseconds(50) }),
            TimeProvider.System,
            NullLogger<RedisConnection>.Instance);
        Live = new RedisLiveStore(Connection, Repairs);
        Backplane = new RedisBackplane(Connection, TimeProvider.System, NullLogger<RedisBackplane>.Instance);
        if (listens)
        {
            _feed = new ClusterChangeFeed(spare is null ? [Backplane] : [Backplane, spare]);
        }
    }

    public RedisConnection Connection { get; }

    public CacheRepairQueue Repairs { get; } = new();

    public RedisLiveStore Live { get; }

    public RedisBackplane Backplane { get; }

    public ClusterChangeFeed Feed => _feed ?? throw new InvalidOperationException("It does not listen.");

    /// <summary>As a process begins: nothing waits for Redis.</summary>
    public static RedisClient Begin(RedisServer server, IChangeBackplane? spare = null, TimeSpan? patience = null) =>
        new(server, spare, listens: true, patience ?? Patient);

    /// <summary>As it is when Redis has answered and wake-ups arrive.</summary>
    public static async Task<RedisClient> ReadyAsync(RedisServer server, IChangeBackplane? spare = null, TimeSpan? patience = null)
    {
        var client = Begin(server, spare, patience);
        await Happens(client.Connection.Closed, "the circuit closes when Redis answers");
        await Happens(client.Backplane.Hearing, "wake-ups arrive when Redis answers");
        return client;
    }

    public static async Task Happens(Task something, string what)
    {
        try
        {
            await something.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"expected that {what}, but within 60 s that did not happen");
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
