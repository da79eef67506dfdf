using StackExchange.Redis;

namespace Sandbox.Storage.Redis;

/// <summary>Where Redis is, checked when the process starts.</summary>
internal sealed class RedisTarget
{
    private readonly ConfigurationOptions _parsed;

    private RedisTarget(ConfigurationOptions parsed) => _parsed = parsed;

    /// <exception cref="StorageUnavailableException">The text names no server.</exception>
    public static RedisTarget Parse(string connectionString)
    {
        try
        {
            var parsed = ConfigurationOptions.Parse(connectionString);
            return parsed.EndPoints.Count > 0 ? new RedisTarget(parsed) : throw Bad();
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            // What it says may quote the text, and with it the password.
            throw Bad();
        }
    }

    private static StorageUnavailableException Bad() => new("names no Redis (host:port,password=…)", key: StorageRoom.RedisKey);

    /// <summary>As the circuit needs it: a call while there is no connection fails at once, and connecting goes on for ever.</summary>
    public ConfigurationOptions Configure(RedisOptions options)
    {
        var configuration = _parsed.Clone();
        configuration.AbortOnConnectFail = false;
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        configuration.ConnectTimeout = 1000;
        configuration.AsyncTimeout = Math.Max(1000, 4 * (int)options.CallTimeout.TotalMilliseconds);
        configuration.ReconnectRetryPolicy = new LinearRetry((int)options.Probe.TotalMilliseconds);
        configuration.HeartbeatInterval = options.Probe;
        // A line that says nothing is asked; one that does not answer then is given up and made anew.
        configuration.KeepAlive = 2;
        return configuration;
    }
}
