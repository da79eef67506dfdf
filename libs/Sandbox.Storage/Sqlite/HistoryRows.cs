using System.Collections.Immutable;
using Microsoft.Data.Sqlite;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Storage.Sqlite;

/// <summary>What happened to a record, one row for each version that a change of state made.</summary>
internal static class HistoryRows
{
    public static List<SandboxInstance> AddTo(List<SandboxInstance> records, SqliteConnection connection)
    {
        using var command = Sql.Command(
            connection, "SELECT from_state, to_state, event, at FROM history WHERE sandbox_id = $id ORDER BY version");
        var id = command.Parameters.Add("$id", SqliteType.Text);
        for (var i = 0; i < records.Count; i++)
        {
            id.Value = records[i].Id.ToString();
            records[i] = records[i] with { History = Read(command) };
        }

        return records;
    }

    /// <summary>Writes the changes that lead from one version to the next, and forgets those beyond the limit.</summary>
    public static void Append(SqliteConnection connection, SandboxInstance next, long fromVersion)
    {
        var fresh = (int)Math.Min(next.Version - fromVersion, next.History.Count);
        for (var i = 0; i < fresh; i++)
        {
            Insert(connection, next.Id, next.Version - fresh + 1 + i, next.History[next.History.Count - fresh + i]);
        }

        Sql.Execute(
            connection,
            """
            DELETE FROM history WHERE sandbox_id = $id AND version <= (
                SELECT version FROM history WHERE sandbox_id = $id ORDER BY version DESC LIMIT 1 OFFSET $limit)
            """,
            ("$id", next.Id.ToString()),
            ("$limit", SandboxInstance.HistoryLimit));
    }

    public static void Remove(SqliteConnection connection, SandboxId id) =>
        Sql.Execute(connection, "DELETE FROM history WHERE sandbox_id = $id", ("$id", id.ToString()));

    private static void Insert(SqliteConnection connection, SandboxId id, long version, StateChange change) =>
        Sql.Execute(
            connection,
            "INSERT INTO history VALUES ($id, $version, $from, $to, $event, $at)",
            ("$id", id.ToString()),
            ("$version", version),
            ("$from", change.From.Name()),
            ("$to", change.To.Name()),
            ("$event", change.On.Name()),
            ("$at", Sql.Moment(change.At)));

    private static ImmutableList<StateChange> Read(SqliteCommand command)
    {
        var history = ImmutableList.CreateBuilder<StateChange>();
        using var row = command.ExecuteReader();
        while (row.Read())
        {
            var known = WireNames.TryParseState(row.GetString(0), out var from) & WireNames.TryParseState(row.GetString(1), out var to)
                & WireNames.TryParseEvent(row.GetString(2), out var happened);
            history.Add(known
                ? new StateChange(from, to, happened, Sql.Moment(row.GetInt64(3)))
                : throw new InvalidDataException("A line of the history has an unknown state or event."));
        }

        return history.ToImmutable();
    }
}
