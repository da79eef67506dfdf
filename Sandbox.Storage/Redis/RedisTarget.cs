using StackExchange.Redis;

namespace Sandbox.Storage.Redis;

/// <summary>Where Redis is, checked when the process starts.</summary>
internal sealed class RedisTarget
{
    /// <summary>The key of the configuration that names it; Redis is optional, and without it there is none.</summary>
    public const string Key = "ConnectionStrings:redis";

    private readonly ConfigurationOptions _parsed;

    private RedisTarget(ConfigurationOptions parsed) => _parsed = parsed;

    /// <exception cref="InvalidOperationException">The text names no server; says under which key it stands.</exception>
    public static RedisTarget Parse(string connectionString)
    {
        ConfigurationOptions parsed;
        try
        {
            parsed = ConfigurationOptions.Parse(connectionString);
        }
        catch (ArgumentException exception)
        {
            // Without the text of it: there may be a password inside.
            throw new InvalidOperationException($"{Key} cannot be read ({exception.GetType().Name}); it looks like host:port,password=...", exception);
        }

        return parsed.EndPoints.Count > 0
            ? new RedisTarget(parsed)
            : throw new InvalidOperationException($"{Key} names no server; it looks like host:port,password=...");
    }

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
