using System.Collections.Frozen;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Sqlite;

/// <summary>Pages of records, newest first, with a total that is kept rather than counted; tombstones are counted.</summary>
internal static class SandboxLists
{
    private static readonly SandboxState[] Present = [.. Enum.GetValues<SandboxState>().Where(state => state is not SandboxState.Deleted)];

    private static readonly string Deleted = SandboxState.Deleted.Name();

    // The fields that the kept totals know; any other filter has to be counted.
    private static readonly FrozenSet<string> Totalled = FrozenSet.Create("tenant", "user_id", "experiment_id", "namespace", "image");

    private static readonly FrozenSet<string> Counted = FrozenSet.Create("host_name", "host_ip", "sandbox_id");

    public static SandboxPage Read(SqliteConnection connection, SandboxQuery query)
    {
        var (states, filters) = (StatesOf(query), query.Fields.Where(field => field.Key != "state").ToList());
        if (states.Count == 0 || filters.Any(field => !Totalled.Contains(field.Key) && !Counted.Contains(field.Key)))
        {
            return new SandboxPage([], 0);
        }

        var where = Where(states, filters, query);
        (string, object?)[] values =
        [
            .. filters.Select(field => ($"${field.Key}", (object?)field.Value)),
            .. query.DeletedSince is { } since ? [("$deleted_since", Sql.Moment(since))] : (IEnumerable<(string, object?)>)[],
            .. query.Ids is { } ids ? [("$ids", IdsOf(ids))] : (IEnumerable<(string, object?)>)[],
        ];

        // One snapshot, so that page and total speak of the same moment.
        using var snapshot = connection.BeginTransaction(deferred: true);
        var total = Total(connection, query, where, filters, values);
        var page = $"{where} ORDER BY {Order(states)} LIMIT $limit OFFSET $offset";
        values = [.. values, ("$limit", query.PageSize), ("$offset", (query.Page - 1L) * query.PageSize)];
        var items = query.IsBrief
            ? SandboxRows.SelectBrief(connection, page, values) : SandboxRows.Select(connection, page, values);
        return new SandboxPage(items, total);
    }

    /// <summary>As one value, which may hold any number of them.</summary>
    private static string IdsOf(IReadOnlyList<SandboxId> ids) => $"[{string.Join(',', ids.Select(id => $"\"{id}\""))}]";

    private static long Total(
        SqliteConnection connection, SandboxQuery query, string where, List<KeyValuePair<string, string>> filters,
        (string, object?)[] values)
    {
        var kept = query is { DeletedSince: null, Ids: null } && filters.TrueForAll(field => Totalled.Contains(field.Key));
        using var command = Sql.Command(
            connection,
            kept ? $"SELECT coalesce(sum(records), 0) FROM totals {where}" : $"SELECT count(*) FROM sandboxes {where}",
            values);
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    // States are written out, not bound: only so the partial indexes can serve the query.
    private static string Where(List<SandboxState> states, List<KeyValuePair<string, string>> filters, SandboxQuery query)
    {
        var byState = states.Count == Present.Length ? "state <> 'deleted'"
            : states is [SandboxState.Deleted] ? "state = 'deleted' AND deleted_at >= $deleted_since"
            : $"state IN ({string.Join(", ", states.Select(state => $"'{state.Name()}'"))})";
        var byId = query.Ids is null ? "" : " AND id IN (SELECT value FROM json_each($ids))";
        return $"WHERE {byState}{byId}{string.Concat(filters.Select(field => $" AND {Column(field.Key)} = ${field.Key}"))}";
    }

    private static string Order(List<SandboxState> states) =>
        states is [SandboxState.Deleted] ? "deleted_at DESC, id" : "created_at DESC, id";

    private static string Column(string field) => field is "sandbox_id" ? "id" : field;

    private static List<SandboxState> StatesOf(SandboxQuery query)
    {
        if (query.DeletedSince is not null)
        {
            return query.Fields.GetValueOrDefault("state", Deleted) == Deleted ? [SandboxState.Deleted] : [];
        }

        IEnumerable<SandboxState> asked = query.States.Count == 0 ? Present : Present.Where(query.States.Contains);
        return query.Fields.TryGetValue("state", out var name)
            ? [.. asked.Where(state => state.Name() == name)]
            : [.. asked];
    }
}
