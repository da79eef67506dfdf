using Npgsql;
using NpgsqlTypes;

namespace Sandbox.Storage.Postgres;

/// <summary>Commands, parameters and columns in Postgres' words. Every parameter has its type, also when it is null: a
/// statement is prepared once for each combination of types.</summary>
internal static class Sql
{
    public static NpgsqlBatchCommand Statement(string text)
    {
#pragma warning disable CA2100 // Texts are constants and names of ours; everything from outside is a parameter.
        return new NpgsqlBatchCommand(text);
#pragma warning restore CA2100
    }

    public static NpgsqlBatch Batch(NpgsqlConnection connection, params ReadOnlySpan<NpgsqlBatchCommand> statements)
    {
        var batch = new NpgsqlBatch(connection);
        foreach (var statement in statements)
        {
            batch.BatchCommands.Add(statement);
        }

        return batch;
    }

    /// <summary>How many rows it changed.</summary>
    public static async Task<int> ExecuteAsync(
        NpgsqlConnection connection, NpgsqlBatchCommand statement, CancellationToken cancellationToken)
    {
        await using var batch = Batch(connection, statement);
        return await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The first column of the first row; default without one.</summary>
    public static Task<T?> ScalarAsync<T>(NpgsqlConnection connection, NpgsqlBatchCommand statement, CancellationToken cancellationToken) =>
        ScalarAsync<T>(connection, [statement], cancellationToken);

    /// <summary>The same of several statements of one transaction, of which one answers.</summary>
    public static async Task<T?> ScalarAsync<T>(
        NpgsqlConnection connection, NpgsqlBatchCommand[] statements, CancellationToken cancellationToken)
    {
        await using var batch = Batch(connection, statements);
        return await batch.ExecuteScalarAsync(cancellationToken) is { } value and not DBNull ? (T)value : default;
    }

    public static async Task<List<T>> RowsAsync<T>(
        NpgsqlConnection connection, NpgsqlBatchCommand statement, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var batch = Batch(connection, statement);
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        return await RowsAsync(row, read, cancellationToken);
    }

    public static async Task<List<T>> RowsAsync<T>(
        NpgsqlDataReader row, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        while (await row.ReadAsync(cancellationToken))
        {
            rows.Add(read(row));
        }

        return rows;
    }

    public static NpgsqlBatchCommand With(this NpgsqlBatchCommand statement, string name, string? value) =>
        statement.With(name, NpgsqlDbType.Text, value);

    public static NpgsqlBatchCommand With(this NpgsqlBatchCommand statement, string name, long? value) =>
        statement.With(name, NpgsqlDbType.Bigint, value);

    public static NpgsqlBatchCommand With(this NpgsqlBatchCommand statement, string name, long value) =>
        statement.With(name, NpgsqlDbType.Bigint, value);

    public static NpgsqlBatchCommand With(this NpgsqlBatchCommand statement, string name, int value) =>
        statement.With(name, NpgsqlDbType.Integer, value);

    public static NpgsqlBatchCommand With(this NpgsqlBatchCommand statement, string name, bool value) =>
        statement.With(name, NpgsqlDbType.Boolean, value);

    public static NpgsqlBatchCommand With(this NpgsqlBatchCommand statement, string name, double value) =>
        statement.With(name, NpgsqlDbType.Double, value);

    public static NpgsqlBatchCommand With(this NpgsqlBatchCommand statement, string name, TimeSpan value) =>
        statement.With(name, NpgsqlDbType.Interval, value);

    public static NpgsqlBatchCommand With(this NpgsqlBatchCommand statement, string name, DateTimeOffset? value) =>
        statement.With(name, NpgsqlDbType.TimestampTz, value?.ToUniversalTime());

    public static NpgsqlBatchCommand With(this NpgsqlBatchCommand statement, string name, NpgsqlDbType type, object? value)
    {
        statement.Parameters.Add(new NpgsqlParameter(name, type) { Value = value ?? DBNull.Value });
        return statement;
    }

    public static string? TextOrNull(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static long? NumberOrNull(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    public static DateTimeOffset Moment(NpgsqlDataReader row, int column) => row.GetFieldValue<DateTimeOffset>(column);

    public static DateTimeOffset? MomentOrNull(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : Moment(row, column);
}
