using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Feeds;
using Sandbox.Storage.Live;
using Sandbox.Storage.Postgres;
using StackExchange.Redis;

namespace Sandbox.Storage.Redis;

/// <summary>What makes a cluster fast: live entries and wake-ups. With Redis they go through it, and wake-ups by
/// <c>NOTIFY</c> while it is away; without it there are no live entries, and all wake-ups go by <c>NOTIFY</c>.</summary>
internal static class RedisServiceCollectionExtensions
{
    /// <param name="connectionString">Null or empty: there is no Redis.</param>
    /// <exception cref="StorageUnavailableException">It names none.</exception>
    public static IServiceCollection AddClusterLive(this IServiceCollection services, string? connectionString)
    {
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            services.AddSingleton<ILiveStore, AbsentLiveStore>();
            return services.AddSingleton<IChangeFeed>(provider => new ClusterChangeFeed([Make<PostgresBackplane>(provider)]));
        }

        services.AddOptionsWithValidateOnStart<RedisOptions, RedisOptionsValidator>().BindConfiguration(RedisOptions.Section);
        var own = RedisTarget.Parse(connectionString);
        var hasClient = services.Any(static service => service.ServiceType == typeof(IConnectionMultiplexer));
        services.AddSingleton(provider => hasClient ? RedisTarget.Of(provider.GetRequiredService<IConnectionMultiplexer>) : own);
        services.AddSingleton<RedisConnection>();
        services.AddSingleton<RedisTelemetry>().AddHostedService(provider => provider.GetRequiredService<RedisTelemetry>());
        services.AddHealthChecks().AddCheck<RedisTelemetry>("redis");
        services.AddSingleton<CacheRepairQueue>();
        services.AddSingleton<ILiveStore, RedisLiveStore>();
        services.AddHostedService(provider => new CacheRepairWorker(
            provider.GetRequiredService<RedisConnection>(),
            provider.GetRequiredService<CacheRepairQueue>(),
            provider.GetRequiredService<PostgresSandboxStore>(),
            provider.GetRequiredService<LiveCache>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<CacheRepairWorker>>()));
        return services.AddSingleton<IChangeFeed>(
            provider => new ClusterChangeFeed([Make<RedisBackplane>(provider), Make<PostgresBackplane>(provider)]));
    }

    // The feed owns its backplanes and ends them.
    private static T Make<T>(IServiceProvider provider) => ActivatorUtilities.CreateInstance<T>(provider);
}
