using Microsoft.Data.Sqlite;

namespace Sandbox.Storage.Sqlite;

/// <summary>Commands, parameters and moments in SQLite's words.</summary>
internal static class Sql
{
    public static SqliteCommand Command(
        SqliteConnection connection, string text, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // Texts are constants and names of ours; everything from outside is a parameter.
        command.CommandText = text;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        }

        return command;
    }

    /// <summary>How many rows it changed.</summary>
    public static int Execute(SqliteConnection connection, string text, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(connection, text, parameters);
        return command.ExecuteNonQuery();
    }

    public static List<T> Rows<T>(
        SqliteConnection connection, string text, Func<SqliteDataReader, T> read,
        params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(connection, text, parameters);
        using var row = command.ExecuteReader();
        var rows = new List<T>();
        while (row.Read())
        {
            rows.Add(read(row));
        }

        return rows;
    }

    public static long? Moment(DateTimeOffset? moment) => moment is { } at ? Moment(at) : null;

    public static long Moment(DateTimeOffset moment) => (moment.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset Moment(long microseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    public static DateTimeOffset? MomentOrNull(SqliteDataReader row, int column) =>
        row.IsDBNull(column) ? null : Moment(row.GetInt64(column));

    public static string? TextOrNull(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
