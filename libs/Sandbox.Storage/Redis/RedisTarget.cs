using StackExchange.Redis;

namespace Sandbox.Storage.Redis;

/// <summary>Where Redis is, checked when the process starts.</summary>
internal sealed class RedisTarget
{
    private readonly Func<RedisOptions, Task<IConnectionMultiplexer>> _connect;

    private RedisTarget(Func<RedisOptions, Task<IConnectionMultiplexer>> connect) => _connect = connect;

    /// <summary>The client that the process has; it connects when it is asked for.</summary>
    /// <param name="find">Asks for it; may wait, and fail, and be asked again.</param>
    public static RedisTarget Of(Func<IConnectionMultiplexer> find) => new(_ => Task.FromResult(find()));

    /// <summary>A client of its own.</summary>
    /// <exception cref="StorageUnavailableException">The text names no server.</exception>
    public static RedisTarget Parse(string connectionString)
    {
        try
        {
            var parsed = ConfigurationOptions.Parse(connectionString);
            return parsed.EndPoints.Count > 0 ? new RedisTarget(options => ConnectAsync(parsed, options)) : throw Bad();
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            // What it says may quote the text, and with it the password.
            throw Bad();
        }
    }

    private static StorageUnavailableException Bad() =>
        new("names no Redis (host:port,password=…)", key: StorageServiceCollectionExtensions.RedisKey);

    public Task<IConnectionMultiplexer> ConnectAsync(RedisOptions options) => _connect(options);

    /// <summary>As the circuit needs it: a call while there is no connection fails at once, and connecting goes on for ever.</summary>
    public static void Prepare(ConfigurationOptions configuration, RedisOptions options)
    {
        configuration.AbortOnConnectFail = false;
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        configuration.ConnectTimeout = 1000;
        configuration.AsyncTimeout = Math.Max(1000, 4 * (int)options.CallTimeout.TotalMilliseconds);
        configuration.ReconnectRetryPolicy = new LinearRetry((int)options.Probe.TotalMilliseconds);
        configuration.HeartbeatInterval = options.Probe;
        // A line that says nothing is asked; one that does not answer then is given up and made anew.
        configuration.KeepAlive = 2;
    }

    private static async Task<IConnectionMultiplexer> ConnectAsync(ConfigurationOptions parsed, RedisOptions options)
    {
        var configuration = parsed.Clone();
        Prepare(configuration, options);
        return await ConnectionMultiplexer.ConnectAsync(configuration);
    }
}
