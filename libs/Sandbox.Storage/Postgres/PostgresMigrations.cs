using System.Globalization;
using Npgsql;

namespace Sandbox.Storage.Postgres;

/// <summary>Brings a database to the newest schema: each numbered script runs once, all of them in one transaction, and of
/// several processes that start together one runs them while the others wait for its lock.</summary>
internal static class PostgresMigrations
{
    private const string Prefix = "postgres/";

    // Ours alone in the database; any number would do.
    private const long LockKey = 0x5A_4E_44_42_4F_58;

    private static readonly IReadOnlyList<(int Number, string Resource)> Scripts = FindScripts();

    public static int Newest => Scripts[^1].Number;

    /// <exception cref="SchemaTooNewException">The database was written by a newer program.</exception>
    public static async Task ApplyAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ExecuteAsync(connection, $"SELECT pg_advisory_xact_lock({LockKey})", cancellationToken);
        await ExecuteAsync(
            connection,
            "CREATE TABLE IF NOT EXISTS schema_scripts (number integer NOT NULL PRIMARY KEY, applied_at timestamptz NOT NULL)",
            cancellationToken);
        var current = await VersionOfAsync(connection, cancellationToken);
        if (current > Newest)
        {
            throw new SchemaTooNewException($"The database {connection.Database}", current, Newest, "database");
        }

        foreach (var (number, resource) in Scripts.Where(script => script.Number > current))
        {
            await ExecuteAsync(connection, Text(resource), cancellationToken);
            await ExecuteAsync(connection, $"INSERT INTO schema_scripts VALUES ({number}, clock_timestamp())", cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task<int> VersionOfAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("SELECT coalesce(max(number), 0) FROM schema_scripts", connection);
        return Convert.ToInt32(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string text, CancellationToken cancellationToken)
    {
#pragma warning disable CA2100 // Scripts and constants of ours.
        await using var command = new NpgsqlCommand(text, connection);
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static string Text(string resource)
    {
        using var stream = typeof(PostgresMigrations).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The script {resource} is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static List<(int Number, string Resource)> FindScripts() =>
        [.. typeof(PostgresMigrations).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => (Number: int.Parse(name.AsSpan(Prefix.Length, 4), CultureInfo.InvariantCulture), Resource: name))
            .OrderBy(script => script.Number)];
}
