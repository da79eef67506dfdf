using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Sandbox.Storage.Postgres;

/// <summary>Before anything else of the process starts: the database answers and has the schema that this program knows.</summary>
internal sealed class PostgresStart(PostgresDatabase database) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        try
        {
            await database.MigrateAsync(cancellationToken);
        }
        catch (NpgsqlException failure)
        {
            throw new StorageUnavailableException($"the database does not answer as it should: {failure.Message}", failure);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
