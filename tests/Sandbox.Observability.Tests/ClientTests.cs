using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Sandbox.Testing.Postgres;
using Sandbox.Testing.Redis;
using StackExchange.Redis;

namespace Sandbox.Observability.Tests;

/// <summary>The client integrations, by the names that Aspire gives them.</summary>
public sealed class ClientTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [NeedsPostgresFact]
    public async Task NpgsqlDataSource_OfAName_IsMadeOfItsConnectionString_AndIsWatched()
    {
        var server = await PostgresServer.SharedAsync();
        using var host = Build(
            ("ConnectionStrings:db", await server.NewDatabaseAsync()),
            builder => builder.AddNpgsqlDataSource("db", configureDataSourceBuilder: source => source.ConnectionStringBuilder.ApplicationName = "by the delegate"));

        await using var command = host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("SELECT current_setting('application_name')");

        Assert.Equal("by the delegate", await command.ExecuteScalarAsync(CancellationToken));
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "PostgreSql")).Status);
    }

    [NeedsPostgresFact]
    public async Task NpgsqlDataSource_OfADatabaseThatIsNotThere_IsUnhealthy()
    {
        var server = await PostgresServer.SharedAsync();
        using var host = Build(("ConnectionStrings:db", server.ConnectionString("nowhere")), builder => builder.AddNpgsqlDataSource("db"));

        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(host, "PostgreSql")).Status);
    }

    [Fact]
    public async Task RedisClient_OfAName_IsMadeOfItsConnectionString_AndIsWatched()
    {
        await using var server = await RedisServer.StartAsync();
        using var host = Build(("ConnectionStrings:cache", server.ConnectionString), builder => builder.AddRedisClient("cache", configureOptions: options => options.ClientName = "by-the-delegate"));

        var redis = host.Services.GetRequiredService<IConnectionMultiplexer>();
        await redis.GetDatabase().StringSetAsync("key", "value");

        Assert.Equal("value", (string?)await redis.GetDatabase().StringGetAsync("key"));
        Assert.Equal("by-the-delegate", redis.ClientName);
        Assert.Equal(HealthStatus.Healthy, (await CheckAsync(host, "StackExchange.Redis")).Status);
    }

    [Fact]
    public async Task RedisClient_OfAServerThatIsNotThere_IsUnhealthy()
    {
        await using var server = RedisServer.Absent();
        using var host = Build(("ConnectionStrings:cache", $"{server.ConnectionString},connectTimeout=100,connectRetry=0"), builder => builder.AddRedisClient("cache"));

        Assert.Equal(HealthStatus.Unhealthy, (await CheckAsync(host, "StackExchange.Redis")).Status);
    }

    [Fact]
    public void Clients_WithoutAConnectionString_NameItsKeyWhenTheyAreAskedFor()
    {
        using var host = Build(
            ("Aspire:Npgsql:DisableTracing", "true"),
            builder =>
            {
                builder.AddNpgsqlDataSource("db");
                builder.AddRedisClient("cache");
            });

        Assert.Contains("'ConnectionStrings:db'", Assert.Throws<InvalidOperationException>(host.Services.GetRequiredService<NpgsqlDataSource>).Message, StringComparison.Ordinal);
        Assert.Contains("'ConnectionStrings:cache'", Assert.Throws<InvalidOperationException>(host.Services.GetRequiredService<IConnectionMultiplexer>).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Clients_ThatAreToldNotToBeWatched_HaveNoHealthCheck()
    {
        using var host = Build(
            ("Aspire:StackExchange:Redis:cache:DisableHealthChecks", "true"),
            builder =>
            {
                builder.Services.AddHealthChecks();
                builder.AddNpgsqlDataSource("db", settings => settings.DisableHealthChecks = true);
                builder.AddRedisClient("cache");
            });

        Assert.Empty(host.Services.GetRequiredService<Microsoft.Extensions.Options.IOptions<HealthCheckServiceOptions>>().Value.Registrations);
    }

    [NeedsPostgresFact]
    public async Task Commands_OfOneWhoIsTraced_AreSpansOfItsTrace()
    {
        await using var server = await RedisServer.StartAsync();
        using var host = Build(
            ("ConnectionStrings:db", await (await PostgresServer.SharedAsync()).NewDatabaseAsync()),
            builder =>
            {
                builder.Configuration["ConnectionStrings:cache"] = server.ConnectionString;
                builder.AddNpgsqlDataSource("db");
                builder.AddRedisClient("cache");
            });
        await host.StartAsync(CancellationToken);
        using var asker = new ActivitySource($"asker {Guid.NewGuid():N}");
        ConcurrentQueue<Activity> seen = [];
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == asker.Name || source.Name is "Npgsql" or "OpenTelemetry.Instrumentation.StackExchangeRedis",
            Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = seen.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);

        using (var asked = asker.StartActivity("asked"))
        {
            await host.Services.GetRequiredService<IConnectionMultiplexer>().GetDatabase().StringSetAsync("key", "value");
            await using var command = host.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand("SELECT 1");
            await command.ExecuteScalarAsync(CancellationToken);
        }

        // What Redis did is read from time to time, and at the end.
        await host.StopAsync(CancellationToken);
        var whole = seen.Single(span => span.Source.Name == asker.Name);
        Assert.Contains(seen, span => span.Source.Name == "Npgsql" && span.TraceId == whole.TraceId);
        Assert.Contains(seen, span => span.OperationName == "SET" && span.TraceId == whole.TraceId && span.ParentSpanId == whole.SpanId);
    }

    private static IHost Build((string Key, string Value) setting, Action<HostApplicationBuilder> add)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection([KeyValuePair.Create(setting.Key, (string?)setting.Value)]);
        builder.Services.AddLogging();
        add(builder);
        return builder.Build();
    }

    private static async Task<HealthReportEntry> CheckAsync(IHost host, string name)
    {
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(CancellationToken);
        return report.Entries[name];
    }
}
