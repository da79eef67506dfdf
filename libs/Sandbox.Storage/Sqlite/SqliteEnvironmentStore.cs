using System.Text.Json;
using Microsoft.Data.Sqlite;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Sqlite;

/// <summary>Environments in the same file as the records.</summary>
internal sealed class SqliteEnvironmentStore(SqliteDatabase database) : IEnvironmentStore
{
    private const string Columns = "tenant, name, image, owner, description, tags, extra_spec, created_at, updated_at";

    private const string Put = $"""
        INSERT INTO environments ({Columns})
        SELECT $tenant, $name, $image, $owner, $description, $tags, $extra_spec, $created_at, $updated_at
        WHERE (SELECT count(*) FROM environments WHERE tenant = $tenant AND name <> $name) < $limit
        ON CONFLICT (tenant, name) DO UPDATE SET
            image = excluded.image, owner = excluded.owner, description = excluded.description, tags = excluded.tags,
            extra_spec = excluded.extra_spec, updated_at = excluded.updated_at
        RETURNING {Columns}
        """;

    public Task<RegisteredEnvironment?> TryPutAsync(
        RegisteredEnvironment environment, int limit, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection => Sql.Rows(
                connection, Put, Read,
                ("$tenant", environment.Tenant), ("$name", environment.Name), ("$image", environment.Image), ("$owner", environment.Owner),
                ("$description", environment.Description),
                ("$tags", JsonSerializer.Serialize(environment.Tags, RecordJson.Default.IReadOnlyListString)),
                ("$extra_spec", environment.ExtraSpec), ("$created_at", Sql.Moment(environment.CreatedAt)),
                ("$updated_at", Sql.Moment(environment.UpdatedAt)), ("$limit", limit)).SingleOrDefault(),
            cancellationToken);

    public Task<RegisteredEnvironment?> FindAsync(string tenant, string name, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection => Sql.Rows(
            connection, $"SELECT {Columns} FROM environments WHERE tenant = $tenant AND name = $name", Read,
            ("$tenant", tenant), ("$name", name)).SingleOrDefault()));

    public Task<IReadOnlyList<RegisteredEnvironment>> ListAsync(string tenant, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<RegisteredEnvironment>>(database.Read(connection => Sql.Rows(
            connection, $"SELECT {Columns} FROM environments WHERE tenant = $tenant ORDER BY name", Read, ("$tenant", tenant))));

    public Task<bool> TryDeleteAsync(string tenant, string name, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection => Sql.Execute(
                connection, "DELETE FROM environments WHERE tenant = $tenant AND name = $name", ("$tenant", tenant), ("$name", name)) == 1,
            cancellationToken);

    private static RegisteredEnvironment Read(SqliteDataReader row) => new(row.GetString(0), row.GetString(1), row.GetString(2))
    {
        Owner = row.GetString(3),
        Description = row.GetString(4),
        Tags = JsonSerializer.Deserialize(row.GetString(5), RecordJson.Default.IReadOnlyListString)!,
        ExtraSpec = Sql.TextOrNull(row, 6),
        CreatedAt = Sql.Moment(row.GetInt64(7)),
        UpdatedAt = Sql.Moment(row.GetInt64(8)),
    };
}
