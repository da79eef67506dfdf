using System.Collections.Frozen;
using Npgsql;
using NpgsqlTypes;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>Pages of records, newest first, with a total that is kept rather than counted; tombstones are counted.</summary>
internal static class SandboxLists
{
    private static readonly SandboxState[] Present = [.. Enum.GetValues<SandboxState>().Where(state => state is not SandboxState.Deleted)];

    private static readonly string Deleted = SandboxState.Deleted.Name();

    // The fields that the kept totals know; any other filter has to be counted.
    private static readonly FrozenSet<string> Totalled = FrozenSet.Create("tenant", "user_id", "experiment_id", "namespace", "image");

    private static readonly FrozenSet<string> Counted = FrozenSet.Create("host_name", "host_ip", "sandbox_id");

    public static async Task<SandboxPage> ReadAsync(NpgsqlConnection connection, SandboxQuery query, CancellationToken cancellationToken)
    {
        var (states, filters) = (StatesOf(query), query.Fields.Where(field => field.Key != "state").ToList());
        if (states.Count == 0 || filters.Exists(field => !Totalled.Contains(field.Key) && !Counted.Contains(field.Key)))
        {
            return new SandboxPage([], 0);
        }

        // Two statements see two moments; a page and its total are as of about now, like any page.
        await using var batch = Sql.Batch(connection, Total(states, filters, query), Page(states, filters, query));
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        var total = row.GetInt64(0);
        await row.NextResultAsync(cancellationToken);
        Func<NpgsqlDataReader, SandboxInstance> read = query.IsBrief ? SandboxRows.ReadBrief : SandboxRows.Read;
        return new SandboxPage(await Sql.RowsAsync(row, read, cancellationToken), total);
    }

    private static NpgsqlBatchCommand Page(List<SandboxState> states, List<KeyValuePair<string, string>> filters, SandboxQuery query) =>
        With(
        Sql.Statement(
            $"SELECT {(query.IsBrief ? SandboxRows.BriefColumns : SandboxRows.Columns)} FROM sandboxes {Where(states, filters, query)} "
            + $"ORDER BY {Order(states)} LIMIT @limit OFFSET @offset")
            .With("limit", query.PageSize).With("offset", (query.Page - 1L) * query.PageSize),
        filters,
        query);

    private static NpgsqlBatchCommand Total(List<SandboxState> states, List<KeyValuePair<string, string>> filters, SandboxQuery query) =>
        With(
        Sql.Statement(query is { DeletedSince: null, Ids: null } && filters.TrueForAll(field => Totalled.Contains(field.Key))
            ? $"SELECT coalesce(sum(records), 0)::bigint FROM totals {Where(states, filters, query)}"
            : $"SELECT count(*) FROM sandboxes {Where(states, filters, query)}"),
        filters,
        query);

    private static NpgsqlBatchCommand With(
        NpgsqlBatchCommand statement, List<KeyValuePair<string, string>> filters, SandboxQuery query)
    {
        filters.ForEach(field => statement.With(field.Key, field.Value));
        if (query.Ids is { } ids)
        {
            statement.With("ids", NpgsqlDbType.Array | NpgsqlDbType.Text, ids.Select(id => id.ToString()).ToArray());
        }

        return query.DeletedSince is { } since ? statement.With("deleted_since", since) : statement;
    }

    // States are written out, not bound: only so the partial indexes can serve the query.
    private static string Where(List<SandboxState> states, List<KeyValuePair<string, string>> filters, SandboxQuery query)
    {
        var byState = states.Count == Present.Length ? "state <> 'deleted'"
            : states is [SandboxState.Deleted] ? "state = 'deleted' AND deleted_at >= @deleted_since"
            : $"state IN ({string.Join(", ", states.Select(state => $"'{state.Name()}'"))})";
        var byId = query.Ids is null ? "" : " AND id = ANY(@ids)";
        return $"WHERE {byState}{byId}{string.Concat(filters.Select(field => $" AND {Column(field.Key)} = @{field.Key}"))}";
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
