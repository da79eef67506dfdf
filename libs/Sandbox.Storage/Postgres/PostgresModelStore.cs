using Npgsql;
using NpgsqlTypes;
using Sandbox.Domain.Models;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Encryption;

namespace Sandbox.Storage.Postgres;

/// <summary>Models of a cluster, beside the sandboxes that serve them.</summary>
internal sealed class PostgresModelStore(PostgresDatabase database, FieldCipher cipher) : IModelStore
{
    private const string Columns = "model, version, used_at, configuration";

    private const string IsIt = "tenant = @tenant AND name = @name";

    public async Task<IReadOnlyList<ModelRecord>> ListAsync(CancellationToken cancellationToken) => await database.RepeatableAsync(
        connection => Sql.RowsAsync(
            connection, Sql.Statement($"SELECT {Columns} FROM models ORDER BY tenant, name"), Read, cancellationToken),
        cancellationToken);

    public async Task<ModelRecord?> FindAsync(string tenant, string name, CancellationToken cancellationToken) =>
        (await database.RepeatableAsync(
            connection => Sql.RowsAsync(
                connection, Of($"SELECT {Columns} FROM models WHERE {IsIt}", tenant, name), Read, cancellationToken),
            cancellationToken)).SingleOrDefault();

    public Task<bool> TryAddAsync(ModelRecord first, CancellationToken cancellationToken)
    {
        var encrypted = ModelConfigurations.Encrypt(cipher, first);
        return ChangesAsync(
            () => Of(
                """
                INSERT INTO models (tenant, name, version, used_at, configuration, model)
                VALUES (@tenant, @name, @version, @used_at, @configuration, @model) ON CONFLICT DO NOTHING
                """,
                first.Tenant,
                first.Name)
                .With("version", first.Version).With("used_at", (DateTimeOffset?)first.UsedAt).With("configuration", encrypted)
                .With("model", NpgsqlDbType.Json, ModelJson.Write(first)),
            cancellationToken);
    }

    public Task<bool> TryWriteAsync(ModelRecord next, CancellationToken cancellationToken) => ChangesAsync(
        () => Of(
            $"UPDATE models SET version = @version, model = @model WHERE {IsIt} AND version = @version - 1", next.Tenant, next.Name)
            .With("version", next.Version).With("model", NpgsqlDbType.Json, ModelJson.Write(next)),
        cancellationToken);

    public Task<bool> TryRemoveAsync(ModelRecord last, CancellationToken cancellationToken) => ChangesAsync(
        () => Of($"DELETE FROM models WHERE {IsIt} AND version = @version", last.Tenant, last.Name).With("version", last.Version),
        cancellationToken);

    public Task TouchAsync(string tenant, string name, DateTimeOffset usedAt, CancellationToken cancellationToken) => ChangesAsync(
        () => Of($"UPDATE models SET used_at = @used_at WHERE {IsIt} AND used_at < @used_at", tenant, name)
            .With("used_at", (DateTimeOffset?)usedAt),
        cancellationToken);

    private static NpgsqlBatchCommand Of(string text, string tenant, string name) =>
        Sql.Statement(text).With("tenant", tenant).With("name", name);

    private ModelRecord Read(NpgsqlDataReader row) => ModelConfigurations.With(
        cipher, ModelJson.Read(row.GetString(0)) with { Version = row.GetInt64(1), UsedAt = Sql.Moment(row, 2) }, row.GetString(3));

    private async Task<bool> ChangesAsync(Func<NpgsqlBatchCommand> statement, CancellationToken cancellationToken) =>
        await database.WriteAsync(
            connection => Sql.ExecuteAsync(connection, statement(), cancellationToken), cancellationToken) == 1;
}
