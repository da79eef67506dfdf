using Sandbox.Domain.Stores;
using Sandbox.Storage.Feeds;
using Sandbox.Storage.Tests.Contract;
using Sandbox.Testing.Redis;

namespace Sandbox.Storage.Tests.Redis;

// The contracts, met by Redis.
public sealed class RedisLiveStoreTests : LiveStoreContract
{
    private RedisServer? _server;
    private RedisClient? _client;

    protected override async ValueTask<ILiveStore> OpenAsync()
    {
        _server = await RedisServer.StartAsync();
        _client = await RedisClient.ReadyAsync(_server);
        return _client.Live;
    }

    protected override async ValueTask CloseAsync() => await RedisFeedTests.CloseAsync(_client, _server);
}

public sealed class RedisFeedTests : ChangeFeedContract
{
    private RedisServer? _server;
    private RedisClient? _client;

    internal static async Task CloseAsync(params IAsyncDisposable?[] things)
    {
        foreach (var thing in things.OfType<IAsyncDisposable>())
        {
            await thing.DisposeAsync();
        }
    }

    protected override async ValueTask<IChangeFeed> OpenAsync()
    {
        _server = await RedisServer.StartAsync();
        _client = await RedisClient.ReadyAsync(_server);
        return _client.Feed;
    }

    protected override async ValueTask CloseAsync() => await CloseAsync(_client, _server);

    protected override int Waiting(IChangeFeed feed) => ((ClusterChangeFeed)feed).Waiting;
}
