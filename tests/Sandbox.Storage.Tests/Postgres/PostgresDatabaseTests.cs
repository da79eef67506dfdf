using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using Sandbox.Storage.Postgres;
using Sandbox.Testing.Clusters;
using Sandbox.Testing.Postgres;

namespace Sandbox.Storage.Tests.Postgres;

public sealed class PostgresDatabaseTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [NeedsPostgresFact]
    public async Task Migrate_ByManyAtOnce_RunsEachScriptOnce()
    {
        var connectionString = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();

        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () =>
        {
            await using var database = PostgresDatabase.Of(connectionString, TimeProvider.System);
            await database.MigrateAsync(CancellationToken);
        })));

        await using var migrated = PostgresDatabase.Of(connectionString, TimeProvider.System);
        Assert.Equal(PostgresMigrations.Newest, await ScalarAsync<long>(migrated, "SELECT count(*) FROM schema_scripts"));
    }

    [NeedsPostgresFact]
    public async Task Migrate_OfADatabaseOfANewerProgram_IsRefusedAndChangesNothing()
    {
        var connectionString = await (await PostgresServer.SharedAsync()).NewDatabaseAsync();
        await using var database = PostgresDatabase.Of(connectionString, TimeProvider.System);
        await database.MigrateAsync(CancellationToken);
        await ScalarAsync<object>(database, "INSERT INTO schema_scripts VALUES (99, now()) RETURNING number");

        var error = await Assert.ThrowsAsync<SchemaTooNewException>(() => database.MigrateAsync(CancellationToken));

        Assert.Contains(
            $"has schema 99, this program knows schemas up to {PostgresMigrations.Newest}", error.Message, StringComparison.Ordinal);
        Assert.Equal(99, await ScalarAsync<int>(database, "SELECT max(number) FROM schema_scripts"));
    }

    [NeedsPostgresFact]
    public async Task Migrate_WhileTheServerRecovers_WaitsForIt()
    {
        var time = new FakeTimeProvider();
        await using var server = await PostgresServer.StartAsync(syncs: false);
        await using var database = await RecoveringAsync(server, time);

        var migrated = database.MigrateAsync(CancellationToken);
        await PassAsync(time, () => time.GetUtcNow() - time.Start > TimeSpan.FromSeconds(30));
        Assert.False(migrated.IsCompleted, "a server that says that it recovers is one that will be there");
        await server.RecoverAsync();
        await PassAsync(time, () => migrated.IsCompleted);
        await migrated;

        Assert.Equal(PostgresMigrations.Newest, await ScalarAsync<long>(database, "SELECT count(*) FROM schema_scripts"));
    }

    [NeedsPostgresFact]
    public async Task Migrate_WhileTheServerRecoversForTooLong_SaysSo()
    {
        var time = new FakeTimeProvider();
        await using var server = await PostgresServer.StartAsync(syncs: false);
        await using var database = await RecoveringAsync(server, time);

        var migrated = database.MigrateAsync(CancellationToken);
        await PassAsync(time, () => migrated.IsCompleted);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => migrated);
        Assert.Equal(PostgresErrorCodes.CannotConnectNow, refused.SqlState);
    }

    [Fact]
    public void Migrations_AreNumberedWithoutGaps()
    {
        var numbers = typeof(PostgresMigrations).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith("postgres/", StringComparison.Ordinal))
            .Select(name => int.Parse(name.AsSpan("postgres/".Length, 4), CultureInfo.InvariantCulture))
            .Order();

        Assert.Equal(Enumerable.Range(1, PostgresMigrations.Newest), numbers);
    }

    [NeedsPostgresFact]
    public async Task Transact_ThatThrows_LeavesNothing()
    {
        await using var database = await PostgresTestDatabase.NewAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => database.Database.TransactAsync<int>(
            async connection =>
            {
                await using var command = new NpgsqlCommand("INSERT INTO leases VALUES ('half', 'x', 1, now())", connection);
                await command.ExecuteNonQueryAsync(CancellationToken);
                throw new InvalidOperationException("the disk is full");
            },
            CancellationToken));

        Assert.Equal(0, await ScalarAsync<long>(database.Database, "SELECT count(*) FROM leases"));
    }

    [NeedsPostgresFact]
    public async Task Reads_AfterTheServerCrashedAndCameBack_AreRepeatedByThemselves_AndCommitsAreThere()
    {
        await using var server = await PostgresServer.StartAsync();
        await using var database = PostgresDatabase.Of(await server.NewDatabaseAsync(), TimeProvider.System);
        await database.MigrateAsync(CancellationToken);
        await ScalarAsync<string>(database, "INSERT INTO leases VALUES ('kept', 'x', 1, now()) RETURNING name");

        await server.KillAsync();
        await server.StartAgainAsync();

        Assert.Equal("kept", await ScalarAsync<string>(database, "SELECT name FROM leases"));
    }

    /// <summary>A new database of a server that refuses connections from then on.</summary>
    private static async Task<PostgresDatabase> RecoveringAsync(PostgresServer server, TimeProvider time)
    {
        var database = PostgresDatabase.Of(await server.NewDatabaseAsync(), time);
        await server.KillAsync();
        await server.StartRecoveringAsync();
        return database;
    }

    private static Task PassAsync(FakeTimeProvider time, Func<bool> until) => Wait.UntilAsync(
        () =>
        {
            time.Advance(TimeSpan.FromSeconds(5));
            return Task.FromResult(until());
        },
        () => "it goes on as its clock does");

    private static Task<T> ScalarAsync<T>(PostgresDatabase database, string text) => database.RepeatableAsync(
        async connection =>
        {
#pragma warning disable CA2100 // The tests' own words.
            await using var command = new NpgsqlCommand(text, connection);
#pragma warning restore CA2100
            return (T)(await command.ExecuteScalarAsync(CancellationToken))!;
        },
        CancellationToken);
}
