using Aspire.Npgsql;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Npgsql;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Microsoft.Extensions.Hosting;

/// <summary>Stands in for the package Aspire.Npgsql where a feed lacks it: the same names, and the same is done.</summary>
public static class AspirePostgreSqlNpgsqlExtensions
{
    private const string Section = "Aspire:Npgsql";

    /// <summary>A <see cref="NpgsqlDataSource"/> of the connection string of this name, with a health check, tracing and metrics. It is
    /// made, and a string that is none is refused, when somebody first asks for it.</summary>
    public static void AddNpgsqlDataSource(
        this IHostApplicationBuilder builder, string connectionName, Action<NpgsqlSettings>? configureSettings = null,
        Action<NpgsqlDataSourceBuilder>? configureDataSourceBuilder = null)
    {
        var settings = new NpgsqlSettings();
        builder.Configuration.GetSection(Section).Bind(settings);
        builder.Configuration.GetSection($"{Section}:{connectionName}").Bind(settings);
        settings.ConnectionString = builder.Configuration.GetConnectionString(connectionName) ?? settings.ConnectionString;
        configureSettings?.Invoke(settings);

        builder.Services.TryAddSingleton(provider =>
        {
            var source = new NpgsqlDataSourceBuilder(Given(settings.ConnectionString, connectionName));
            source.UseLoggerFactory(provider.GetService<ILoggerFactory>());
            configureDataSourceBuilder?.Invoke(source);
            return source.Build();
        });
        builder.Services.TryAddTransient(static provider => provider.GetRequiredService<NpgsqlDataSource>().CreateConnection());
        if (!settings.DisableHealthChecks)
        {
            builder.Services.AddHealthChecks().AddCheck<NpgsqlCheck>("PostgreSql");
        }

        if (!settings.DisableTracing)
        {
            builder.Services.ConfigureOpenTelemetryTracerProvider(static tracing => tracing.AddSource("Npgsql"));
        }

        if (!settings.DisableMetrics)
        {
            builder.Services.ConfigureOpenTelemetryMeterProvider(static metrics => metrics.AddMeter(Extensions.DatabaseMeter));
        }
    }

    private static string Given(string? connectionString, string name) => !string.IsNullOrEmpty(connectionString)
        ? connectionString
        : throw new InvalidOperationException($"ConnectionString is missing. It should be provided in 'ConnectionStrings:{name}' or under the 'ConnectionString' key in '{Section}' or '{Section}:{name}' configuration section.");
}
