using Microsoft.Data.Sqlite;
using Sandbox.Domain.Models;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Encryption;

namespace Sandbox.Storage.Sqlite;

/// <summary>Models in the file of the sandboxes that serve them.</summary>
internal sealed class SqliteModelStore(SqliteDatabase database, FieldCipher cipher) : IModelStore
{
    private const string Columns = "model, version, used_at, configuration";

    public Task<IReadOnlyList<ModelRecord>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ModelRecord>>(database.Read(connection =>
            Sql.Rows(connection, $"SELECT {Columns} FROM models ORDER BY tenant, name", Read)));

    public Task<ModelRecord?> FindAsync(string tenant, string name, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection => Sql.Rows(
            connection, $"SELECT {Columns} FROM models WHERE tenant = $tenant AND name = $name", Read, ("$tenant", tenant), ("$name", name))
            .SingleOrDefault()));

    public Task<bool> TryAddAsync(ModelRecord first, CancellationToken cancellationToken)
    {
        var encrypted = ModelConfigurations.Encrypt(cipher, first);
        return database.WriteAsync(
            connection => Sql.Execute(
                connection,
                """
                INSERT OR IGNORE INTO models (tenant, name, version, used_at, configuration, model)
                VALUES ($tenant, $name, $version, $used_at, $configuration, $model)
                """,
                ("$tenant", first.Tenant), ("$name", first.Name), ("$version", first.Version), ("$used_at", Sql.Moment(first.UsedAt)),
                ("$configuration", encrypted), ("$model", ModelJson.Write(first))) == 1,
            cancellationToken);
    }

    public Task<bool> TryWriteAsync(ModelRecord next, CancellationToken cancellationToken) => database.WriteAsync(
        connection => Sql.Execute(
            connection,
            """
            UPDATE models SET version = $version, model = $model
            WHERE tenant = $tenant AND name = $name AND version = $version - 1
            """,
            ("$tenant", next.Tenant), ("$name", next.Name), ("$version", next.Version), ("$model", ModelJson.Write(next))) == 1,
        cancellationToken);

    public Task<bool> TryRemoveAsync(ModelRecord last, CancellationToken cancellationToken) => database.WriteAsync(
        connection => Sql.Execute(
            connection,
            "DELETE FROM models WHERE tenant = $tenant AND name = $name AND version = $version",
            ("$tenant", last.Tenant), ("$name", last.Name), ("$version", last.Version)) == 1,
        cancellationToken);

    public Task TouchAsync(string tenant, string name, DateTimeOffset usedAt, CancellationToken cancellationToken) => database.WriteAsync(
        connection => Sql.Execute(
            connection,
            "UPDATE models SET used_at = $used_at WHERE tenant = $tenant AND name = $name AND used_at < $used_at",
            ("$tenant", tenant), ("$name", name), ("$used_at", Sql.Moment(usedAt))),
        cancellationToken);

    private ModelRecord Read(SqliteDataReader row) => ModelConfigurations.With(
        cipher,
        ModelJson.Read(row.GetString(0)) with { Version = row.GetInt64(1), UsedAt = Sql.Moment(row.GetInt64(2)) },
        row.GetString(3));
}
