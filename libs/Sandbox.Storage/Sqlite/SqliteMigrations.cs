using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Sandbox.Storage.Sqlite;

/// <summary>Brings a file to the newest schema: each numbered script runs once, in a transaction of its own, and the
/// file's <c>user_version</c> is the number of the last one.</summary>
internal static class SqliteMigrations
{
    private const string Prefix = "sqlite/";

    private static readonly IReadOnlyList<(int Number, string Resource)> Scripts = FindScripts();

    public static int Newest => Scripts[^1].Number;

    /// <exception cref="SchemaTooNewException">The file was written by a newer program.</exception>
    public static void Apply(SqliteConnection connection)
    {
        var current = VersionOf(connection);
        if (current > Newest)
        {
            throw new SchemaTooNewException($"The data file {connection.DataSource}", current, Newest, "data folder");
        }

        foreach (var (number, resource) in Scripts.Where(script => script.Number > current))
        {
            Run(connection, number, resource);
        }
    }

    private static void Run(SqliteConnection connection, int number, string resource)
    {
        using var transaction = connection.BeginTransaction(deferred: false);

        // Another process may have been faster.
        if (VersionOf(connection) < number)
        {
            Sql.Execute(connection, Text(resource));
            Sql.Execute(connection, $"PRAGMA user_version = {number.ToString(CultureInfo.InvariantCulture)}");
        }

        transaction.Commit();
    }

    private static int VersionOf(SqliteConnection connection)
    {
        using var command = Sql.Command(connection, "PRAGMA user_version");
        return Convert.ToInt32(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private static string Text(string resource)
    {
        using var stream = typeof(SqliteMigrations).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The script {resource} is not in the assembly.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    private static List<(int Number, string Resource)> FindScripts() =>
        [.. typeof(SqliteMigrations).Assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(name => (Number: int.Parse(name.AsSpan(Prefix.Length, 4), CultureInfo.InvariantCulture), Resource: name))
            .OrderBy(script => script.Number)];
}
