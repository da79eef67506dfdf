using Npgsql;
using NpgsqlTypes;

namespace Sandbox.Storage.Postgres;

/// <summary>
/// Many items as one table that a statement reads: <c>item (…, no)</c>, an array parameter for each column, the items numbered
/// from 1 as they come. So one statement writes as many as there are, with one plan, one round trip and one commit.
/// </summary>
internal sealed class ItemTable<T>
{
    private readonly List<Column> _columns = [];

    /// <summary>The items as a common table expression. In the order of their ids, so that two statements that lock the rows of
    /// several sandboxes lock them in the same order.</summary>
    public string Text => $"""
        item AS (
            SELECT * FROM unnest({string.Join(", ", _columns.Select(column => $"@{column.Name}"))}) WITH ORDINALITY
                AS item ({string.Join(", ", _columns.Select(column => column.Name))}, no) ORDER BY id)
        """;

    public IEnumerable<string> Names => _columns.Select(column => column.Name);

    public ItemTable<T> Words(string name, Func<T, string?> of) => Add(name, NpgsqlDbType.Text, of);

    public ItemTable<T> Json(string name, Func<T, string?> of) => Add(name, NpgsqlDbType.Json, of);

    public ItemTable<T> Jsonb(string name, Func<T, string?> of) => Add(name, NpgsqlDbType.Jsonb, of);

    public ItemTable<T> Number(string name, Func<T, long?> of) => Add(name, NpgsqlDbType.Bigint, of);

    public ItemTable<T> Real(string name, Func<T, double?> of) => Add(name, NpgsqlDbType.Double, of);

    public ItemTable<T> Flag(string name, Func<T, bool?> of) => Add(name, NpgsqlDbType.Boolean, of);

    public ItemTable<T> Moment(string name, Func<T, DateTimeOffset?> of) =>
        Add(name, NpgsqlDbType.TimestampTz, item => of(item)?.ToUniversalTime());

    /// <summary>The columns of a part of each item.</summary>
    public ItemTable<T> Of<TPart>(ItemTable<TPart> part, Func<T, TPart> of)
    {
        _columns.AddRange(part._columns.Select(column => new Column(column.Name, items => column.Parameter([.. items.Select(of)]))));
        return this;
    }

    public NpgsqlBatchCommand Bind(NpgsqlBatchCommand statement, IReadOnlyList<T> items)
    {
        foreach (var column in _columns)
        {
            statement.Parameters.Add(column.Parameter(items));
        }

        return statement;
    }

    private ItemTable<T> Add<TValue>(string name, NpgsqlDbType type, Func<T, TValue> of)
    {
        _columns.Add(
            new Column(
                name, items => new NpgsqlParameter<TValue[]>(name, NpgsqlDbType.Array | type) { TypedValue = [.. items.Select(of)] }));
        return this;
    }

    private sealed record Column(string Name, Func<IReadOnlyList<T>, NpgsqlParameter> Parameter);
}
