using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Sandbox.Storage;

namespace Sandbox.Hosting;

/// <summary>The stores of a cluster, over the clients of Aspire's integrations.</summary>
public static class StoresApplicationBuilderExtensions
{
    /// <summary>Records, jobs, leases, live entries and wake-ups that all processes of the cluster share.</summary>
    /// <exception cref="StorageUnavailableException">The configuration names no database, or one of the strings is none.</exception>
    public static void AddClusterStores(this IHostApplicationBuilder builder)
    {
        // The stores have checks of their own: without Redis no process is unhealthy.
        builder.AddNpgsqlDataSource(
            StorageServiceCollectionExtensions.DatabaseName, static settings => settings.DisableHealthChecks = true,
            StorageServiceCollectionExtensions.Prepare);
        builder.AddRedisClient(
            StorageServiceCollectionExtensions.RedisName, static settings => settings.DisableHealthChecks = true,
            redis => StorageServiceCollectionExtensions.Prepare(redis, builder.Configuration));
        builder.Services.AddClusterStorage(builder.Configuration);
    }

    /// <summary>Only what decides which node is the head; where the configuration names no database, in this process.</summary>
    /// <exception cref="StorageUnavailableException">The string is no connection string.</exception>
    public static void AddHeadStores(this IHostApplicationBuilder builder)
    {
        if (builder.Configuration.GetConnectionString(StorageServiceCollectionExtensions.DatabaseName) is { Length: > 0 })
        {
            builder.AddNpgsqlDataSource(
                StorageServiceCollectionExtensions.DatabaseName, configureDataSourceBuilder: StorageServiceCollectionExtensions.Prepare);
        }

        builder.Services.AddHeadStorage(builder.Configuration);
    }
}
