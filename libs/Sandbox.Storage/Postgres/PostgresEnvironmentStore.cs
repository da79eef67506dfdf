using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>Environments of all tenants of a cluster.</summary>
internal sealed class PostgresEnvironmentStore(PostgresDatabase database) : IEnvironmentStore
{
    private const string Columns = "tenant, name, image, owner, description, tags, extra_spec, created_at, updated_at";

    private const string Put = $"""
        INSERT INTO environments AS kept ({Columns})
        SELECT @tenant, @name, @image, @owner, @description, @tags, @extra_spec, @created_at, @updated_at
        WHERE (SELECT count(*) FROM environments WHERE tenant = @tenant AND name <> @name) < @limit
        ON CONFLICT (tenant, name) DO UPDATE SET
            image = excluded.image, owner = excluded.owner, description = excluded.description, tags = excluded.tags,
            extra_spec = excluded.extra_spec, updated_at = excluded.updated_at
        RETURNING {Columns}
        """;

    public async Task<RegisteredEnvironment?> TryPutAsync(
        RegisteredEnvironment environment, int limit, CancellationToken cancellationToken) =>
        (await RowsAsync(
            () => Sql.Statement(Put)
                .With("tenant", environment.Tenant).With("name", environment.Name).With("image", environment.Image)
                .With("owner", environment.Owner).With("description", environment.Description)
                .With("tags", NpgsqlDbType.Json, JsonSerializer.Serialize(environment.Tags, RecordJson.Default.IReadOnlyListString))
                .With("extra_spec", NpgsqlDbType.Json, environment.ExtraSpec)
                .With("created_at", (DateTimeOffset?)environment.CreatedAt).With("updated_at", (DateTimeOffset?)environment.UpdatedAt)
                .With("limit", limit),
            cancellationToken)).SingleOrDefault();

    public async Task<RegisteredEnvironment?> FindAsync(string tenant, string name, CancellationToken cancellationToken) =>
        (await RowsAsync(
            () => Sql.Statement($"SELECT {Columns} FROM environments WHERE tenant = @tenant AND name = @name")
                .With("tenant", tenant).With("name", name),
            cancellationToken)).SingleOrDefault();

    public async Task<IReadOnlyList<RegisteredEnvironment>> ListAsync(string tenant, CancellationToken cancellationToken) =>
        await RowsAsync(
            () => Sql.Statement($"SELECT {Columns} FROM environments WHERE tenant = @tenant ORDER BY name").With("tenant", tenant),
            cancellationToken);

    public async Task<bool> TryDeleteAsync(string tenant, string name, CancellationToken cancellationToken) =>
        await database.WriteAsync(
            connection => Sql.ExecuteAsync(
                connection,
                Sql.Statement("DELETE FROM environments WHERE tenant = @tenant AND name = @name").With("tenant", tenant).With("name", name),
                cancellationToken),
            cancellationToken) == 1;

    /// <summary>A write of the same environment twice is as one.</summary>
    private Task<List<RegisteredEnvironment>> RowsAsync(Func<NpgsqlBatchCommand> statement, CancellationToken cancellationToken) =>
        database.RepeatableAsync(connection => Sql.RowsAsync(connection, statement(), Read, cancellationToken), cancellationToken);

    private static RegisteredEnvironment Read(NpgsqlDataReader row) => new(row.GetString(0), row.GetString(1), row.GetString(2))
    {
        Owner = row.GetString(3),
        Description = row.GetString(4),
        Tags = JsonSerializer.Deserialize(row.GetString(5), RecordJson.Default.IReadOnlyListString)!,
        ExtraSpec = Sql.TextOrNull(row, 6),
        CreatedAt = Sql.Moment(row, 7),
        UpdatedAt = Sql.Moment(row, 8),
    };
}
