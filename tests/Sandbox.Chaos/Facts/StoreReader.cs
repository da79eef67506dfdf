using System.Data;
using System.Text.Json;
using System.Text.Json.Serialization;
using Npgsql;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Chaos.Facts;

/// <summary>What the database has, past the code under test and at one moment.</summary>
public sealed class StoreReader(string connectionString)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter() },
    };

    public async Task<Evidence> ReadAsync(Evidence others)
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var moment = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead);
        var counts = await RowsAsync(
            connection, "SELECT tenant, state, sum(records)::bigint FROM totals GROUP BY tenant, state",
            row => ((row.GetString(0), row.GetString(1)), row.GetInt64(2)));
        return others with
        {
            Records = await RowsAsync(
                connection,
                "SELECT id, version, state, incarnation, tenant, host_name, reason, passing_deadline, history::text, "
                    + "archive->>'incarnation' FROM sandboxes", Record),
            Jobs = await RowsAsync(
                connection, "SELECT id, sandbox_id, version, attempt, node, store_now() - created_at FROM jobs",
                row => new JobFact(row.GetInt64(0), row.GetString(1), row.GetInt64(2), row.GetInt32(3), Text(row, 4), row.GetTimeSpan(5))),
            DeadLetters = await RowsAsync(
                connection, "SELECT sandbox_id, version, reason FROM dead_letters",
                row => new DeadLetterFact(row.GetString(0), row.GetInt64(1), row.GetString(2))),
            Counts = counts.ToDictionary(count => count.Item1, count => count.Item2),
        };
    }

    /// <summary>The node that is the head now; null: none is.</summary>
    public async Task<string?> HeadAsync()
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        var holders = await RowsAsync(
            connection, "SELECT holder FROM leases WHERE name = 'head' AND NOT released AND expires_at > store_now()", row =>
                row.GetString(0));
        return holders.SingleOrDefault()?.Split('/')[0];
    }

    /// <summary>Ids of what runs now.</summary>
    public async Task<IReadOnlyList<string>> RunningAsync()
    {
        await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        await connection.OpenAsync();
        return await RowsAsync(connection, "SELECT id FROM sandboxes WHERE state = 'running'", row => row.GetString(0));
    }

    private static RecordFact Record(NpgsqlDataReader row) =>
        new(row.GetString(0), row.GetInt64(1), State(row.GetString(2)), row.GetString(3), row.GetString(4))
        {
            HostName = Text(row, 5),
            Reason = Text(row, 6),
            TransientDeadline = row.IsDBNull(7) ? null : row.GetFieldValue<DateTimeOffset>(7),
            Archived = Text(row, 9),
            History = JsonSerializer.Deserialize<List<StateChange>>(row.GetString(8), Json) ?? [],
        };

    private static SandboxState State(string name) =>
        WireNames.TryParseState(name, out var state) ? state : throw new InvalidDataException($"A record is '{name}', which is no state.");

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static async Task<List<T>> RowsAsync<T>(NpgsqlConnection connection, string query, Func<NpgsqlDataReader, T> read)
    {
#pragma warning disable CA2100 // Constants of this file.
        await using var command = new NpgsqlCommand(query, connection);
#pragma warning restore CA2100
        await using var reader = await command.ExecuteReaderAsync();
        List<T> rows = [];
        while (await reader.ReadAsync())
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}
