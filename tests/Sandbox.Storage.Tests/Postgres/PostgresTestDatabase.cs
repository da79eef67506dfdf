using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Sandbox.Storage.Postgres;
using Sandbox.Testing.Postgres;

namespace Sandbox.Storage.Tests.Postgres;

/// <summary>A migrated database of a test's own, whose <c>store_now()</c> is a clock that the test moves.</summary>
internal sealed class PostgresTestDatabase : IAsyncDisposable
{
    private readonly Lock _turn = new();
    private DateTimeOffset _told;

    private PostgresTestDatabase(string connectionString)
    {
        ConnectionString = connectionString;
        Database = PostgresDatabase.Of(connectionString, TimeProvider.System);
    }

    public string ConnectionString { get; }

    public PostgresDatabase Database { get; private set; }

    public static async Task<PostgresTestDatabase> NewAsync() =>
        new(await (await PostgresServer.SharedAsync()).NewDatabaseAsync("migrated", MigrateAsync));

    /// <summary>Closes every connection and opens new ones, as a new process would.</summary>
    public async ValueTask ReopenAsync()
    {
        await Database.DisposeAsync();
        Database = PostgresDatabase.Of(ConnectionString, TimeProvider.System);
    }

    /// <summary>Tells the database what time it is, if that changed.</summary>
    public PostgresDatabase At(TimeProvider time)
    {
        lock (_turn)
        {
            if (time is FakeTimeProvider && time.GetUtcNow() != _told)
            {
                _told = time.GetUtcNow();
                using var connection = new NpgsqlConnection(ConnectionString);
                connection.Open();
                using var command = new NpgsqlCommand(
                    "UPDATE fake_clock SET now = $1", connection)
                { Parameters = { new() { Value = _told } } };
                command.ExecuteNonQuery();
            }
        }

        return Database;
    }

    public ValueTask DisposeAsync() => Database.DisposeAsync();

    private static async Task MigrateAsync(string connectionString)
    {
        await using var database = PostgresDatabase.Of(connectionString, TimeProvider.System);
        await database.MigrateAsync(CancellationToken.None);
        await using var connection = await database.ConnectAsync(CancellationToken.None);
        await using var command = new NpgsqlCommand(
            """
            CREATE TABLE fake_clock (now timestamptz NOT NULL);
            INSERT INTO fake_clock VALUES ('2026-05-04 03:02:01Z');
            CREATE OR REPLACE FUNCTION store_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT now FROM fake_clock';
            """,
            connection);
        await command.ExecuteNonQueryAsync();
    }
}
