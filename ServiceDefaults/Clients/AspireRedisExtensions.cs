using Aspire.StackExchange.Redis;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Trace;
using StackExchange.Redis;

namespace Microsoft.Extensions.Hosting;

/// <summary>Stands in for the package Aspire.StackExchange.Redis where a feed lacks it: the same names, and the same is done.</summary>
public static class AspireRedisExtensions
{
    private const string Section = "Aspire:StackExchange:Redis";

    /// <summary>An <see cref="IConnectionMultiplexer"/> of the connection string of this name, with a health check and tracing. It connects,
    /// and a string that is none is refused, when somebody first asks for it.</summary>
    public static void AddRedisClient(
        this IHostApplicationBuilder builder, string connectionName, Action<StackExchangeRedisSettings>? configureSettings = null,
        Action<ConfigurationOptions>? configureOptions = null)
    {
        var settings = new StackExchangeRedisSettings();
        builder.Configuration.GetSection(Section).Bind(settings);
        builder.Configuration.GetSection($"{Section}:{connectionName}").Bind(settings);
        settings.ConnectionString = builder.Configuration.GetConnectionString(connectionName) ?? settings.ConnectionString;
        configureSettings?.Invoke(settings);

        builder.Services.TryAddSingleton<IConnectionMultiplexer>(provider =>
        {
            var options = Parse(settings.ConnectionString, connectionName);
            options.LoggerFactory ??= provider.GetService<ILoggerFactory>();
            configureOptions?.Invoke(options);
            var redis = ConnectionMultiplexer.Connect(options);
            provider.GetService<RedisTracing>()?.Watch(redis);
            return redis;
        });
        if (!settings.DisableHealthChecks)
        {
            builder.Services.AddHealthChecks().AddCheck<RedisCheck>("StackExchange.Redis");
        }

        if (!settings.DisableTracing)
        {
            builder.Services.TryAddSingleton(TimeProvider.System);
            builder.Services.TryAddSingleton<RedisTracing>();
            builder.Services.AddHostedService(static provider => provider.GetRequiredService<RedisTracing>());
            builder.Services.ConfigureOpenTelemetryTracerProvider(static tracing => tracing.AddSource(RedisTracing.Name));
        }
    }

    private static ConfigurationOptions Parse(string? connectionString, string name)
    {
        var options = string.IsNullOrEmpty(connectionString) ? new ConfigurationOptions() : ConfigurationOptions.Parse(connectionString);
        return options.EndPoints.Count > 0
            ? options
            : throw new InvalidOperationException($"No endpoints specified. Ensure a valid connection string was provided in 'ConnectionStrings:{name}' or for the '{Section}:ConnectionString' configuration key.");
    }
}
