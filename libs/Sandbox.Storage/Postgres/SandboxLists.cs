using System.Collections.Frozen;
using Npgsql;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>Pages of records, newest first, with a total that is kept rather than counted.</summary>
internal static class SandboxLists
{
    private static readonly SandboxState[] Present = [.. Enum.GetValues<SandboxState>().Where(state => state is not SandboxState.Deleted)];

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
        await using var batch = Sql.Batch(connection, Total(states, filters), Page(states, filters, query));
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        var total = row.GetInt64(0);
        await row.NextResultAsync(cancellationToken);
        return new SandboxPage(await Sql.RowsAsync(row, SandboxRows.Read, cancellationToken), total);
    }

    private static NpgsqlBatchCommand Page(List<SandboxState> states, List<KeyValuePair<string, string>> filters, SandboxQuery query) =>
        With(
        Sql.Statement(
            $"SELECT {SandboxRows.Columns} FROM sandboxes {Where(states, filters)} "
            + "ORDER BY created_at DESC, id LIMIT @limit OFFSET @offset")
            .With("limit", query.PageSize).With("offset", (query.Page - 1L) * query.PageSize),
        filters);

    private static NpgsqlBatchCommand Total(List<SandboxState> states, List<KeyValuePair<string, string>> filters) => With(
        Sql.Statement(filters.TrueForAll(field => Totalled.Contains(field.Key))
            ? $"SELECT coalesce(sum(records), 0)::bigint FROM totals {Where(states, filters)}"
            : $"SELECT count(*) FROM sandboxes {Where(states, filters)}"),
        filters);

    private static NpgsqlBatchCommand With(NpgsqlBatchCommand statement, List<KeyValuePair<string, string>> filters)
    {
        filters.ForEach(field => statement.With(field.Key, field.Value));
        return statement;
    }

    // States are written out, not bound: only so the partial indexes can serve the query.
    private static string Where(List<SandboxState> states, List<KeyValuePair<string, string>> filters)
    {
        var byState = states.Count == Present.Length
            ? "state <> 'deleted'"
            : $"state IN ({string.Join(", ", states.Select(state => $"'{state.Name()}'"))})";
        return $"WHERE {byState}{string.Concat(filters.Select(field => $" AND {Column(field.Key)} = @{field.Key}"))}";
    }

    private static string Column(string field) => field is "sandbox_id" ? "id" : field;

    private static List<SandboxState> StatesOf(SandboxQuery query)
    {
        IEnumerable<SandboxState> asked = query.States.Count == 0 ? Present : Present.Where(query.States.Contains);
        return query.Fields.TryGetValue("state", out var name)
            ? [.. asked.Where(state => state.Name() == name)]
            : [.. asked];
    }
}
