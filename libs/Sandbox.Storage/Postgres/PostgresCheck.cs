using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Sandbox.Storage.Postgres;

/// <summary>Without its records a process can do nothing that lasts.</summary>
internal sealed class PostgresCheck(PostgresDatabase database) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            await using var connection = await database.ConnectAsync(limit.Token);
            await using var asked = new NpgsqlCommand("SELECT 1", connection);
            await asked.ExecuteScalarAsync(limit.Token);
            return HealthCheckResult.Healthy();
        }
        catch (Exception exception)
            when (exception is NpgsqlException or TimeoutException or OperationCanceledException
                && !cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy("its database does not answer");
        }
    }
}
