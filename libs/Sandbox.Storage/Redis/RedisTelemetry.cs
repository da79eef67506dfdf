using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Sandbox.Storage.Redis;

/// <summary>Whether Redis answers, as a metric and as a health check. Nothing fails without it, so that its
/// absence makes no process unhealthy.</summary>
internal sealed class RedisTelemetry(IMeterFactory meters, RedisConnection redis) : IHostedService, IHealthCheck
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        meters.Create(StorageTelemetry.Name)
            .CreateObservableGauge("redis.up", () => redis.IsClosed ? 1 : 0, description: "1: Redis answers this process.");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(
            redis.IsClosed ? HealthCheckResult.Healthy()
            : HealthCheckResult.Degraded("Redis does not answer; wake-ups go by the database"));
}
