using Npgsql;
using NpgsqlTypes;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>Tenants and keys in Postgres. What a tenant uses is counted in its records whenever it is asked for.</summary>
internal sealed class PostgresTenantStore(PostgresDatabase database) : ITenantStore
{
    private const string Bounds = "name, sandboxes, cpus, memory_bytes, creates_per_minute";
    private const string KeyColumns = "id, tenant, note, sha256, is_admin, created_at, expires_at, revoked_at";

    public Task PutAsync(Tenant tenant, CancellationToken cancellationToken) => ExecuteAsync(
        Sql.Statement(
            $"""
            INSERT INTO tenants ({Bounds}) VALUES (@name, @sandboxes, @cpus, @memory_bytes, @creates_per_minute)
            ON CONFLICT (name) DO UPDATE SET
                sandboxes = @sandboxes, cpus = @cpus, memory_bytes = @memory_bytes, creates_per_minute = @creates_per_minute
            """)
            .With("name", tenant.Name)
            .With("sandboxes", NpgsqlDbType.Integer, tenant.Quota.Sandboxes)
            .With("cpus", NpgsqlDbType.Double, tenant.Quota.Cpus)
            .With("memory_bytes", tenant.Quota.MemoryBytes)
            .With("creates_per_minute", NpgsqlDbType.Integer, tenant.Quota.CreatesPerMinute),
        cancellationToken);

    public async Task<Tenant?> FindAsync(string name, CancellationToken cancellationToken) =>
        (await RowsAsync(
            Sql.Statement($"SELECT {Bounds} FROM tenants WHERE name = @name").With("name", name), ReadTenant, cancellationToken))
        .SingleOrDefault();

    public async Task<SandboxError.QuotaExceeded?> CheckAsync(string tenant, SandboxSpec spec, CancellationToken cancellationToken) =>
        (await RowsAsync(SandboxWrites.Check(tenant, spec), row => SandboxWrites.RefusalIn(row, 0), cancellationToken)).Single();

    public async Task<IReadOnlyList<TenantView>> ListAsync(CancellationToken cancellationToken) => await RowsAsync(
        Sql.Statement(
            """
            SELECT t.name, t.sandboxes, t.cpus, t.memory_bytes, t.creates_per_minute,
                count(s.id)::integer, coalesce(sum(s.cpus), 0), coalesce(sum(s.memory_bytes), 0)::bigint
            FROM tenants t LEFT JOIN sandboxes s ON s.tenant = t.name AND s.state IN ('pending', 'running')
            GROUP BY t.name ORDER BY t.name
            """),
        row => new TenantView(ReadTenant(row), row.GetInt32(5), row.GetDouble(6), row.GetInt64(7)),
        cancellationToken);

    public async Task<bool> TryAddKeyAsync(ApiKey key, CancellationToken cancellationToken) => await ExecuteAsync(
        Sql.Statement(
            $"""
            INSERT INTO api_keys ({KeyColumns})
            SELECT @id, name, @note, @sha256, @is_admin, @created_at, @expires_at, @revoked_at FROM tenants WHERE name = @tenant
            """)
            .With("id", key.Id)
            .With("tenant", key.Tenant)
            .With("note", key.Note)
            .With("sha256", NpgsqlDbType.Bytea, key.Sha256.ToArray())
            .With("is_admin", key.IsAdmin)
            .With("created_at", key.CreatedAt)
            .With("expires_at", key.ExpiresAt)
            .With("revoked_at", key.RevokedAt),
        cancellationToken) == 1;

    public async Task<bool> TryRevokeKeyAsync(string keyId, CancellationToken cancellationToken) => await ExecuteAsync(
        Sql.Statement("UPDATE api_keys SET revoked_at = store_now() WHERE id = @id AND revoked_at IS NULL").With("id", keyId),
        cancellationToken) == 1;

    public async Task<ApiKey?> FindKeyAsync(ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken) =>
        (await RowsAsync(
            Sql.Statement(
                $"""
                SELECT {KeyColumns} FROM api_keys
                WHERE sha256 = @sha256 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > store_now())
                """).With("sha256", NpgsqlDbType.Bytea, sha256.ToArray()),
            ReadKey, cancellationToken)).SingleOrDefault();

    public async Task<IReadOnlyList<ApiKey>> ListKeysAsync(CancellationToken cancellationToken) =>
        await RowsAsync(Sql.Statement($"SELECT {KeyColumns} FROM api_keys ORDER BY created_at, id"), ReadKey, cancellationToken);

    public Task<bool> HasKeysAsync(CancellationToken cancellationToken) => database.RepeatableAsync(
        connection => Sql.ScalarAsync<bool>(
            connection, Sql.Statement("SELECT EXISTS (SELECT 1 FROM api_keys WHERE revoked_at IS NULL)"), cancellationToken),
        cancellationToken);

    private static Tenant ReadTenant(NpgsqlDataReader row) => new(
        row.GetString(0),
        new TenantQuota(
            row.IsDBNull(1) ? null : row.GetInt32(1), row.IsDBNull(2) ? null : row.GetDouble(2), Sql.NumberOrNull(row, 3),
            row.IsDBNull(4) ? null : row.GetInt32(4)));

    private static ApiKey ReadKey(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetFieldValue<byte[]>(3), row.GetBoolean(4), Sql.Moment(row, 5),
        Sql.MomentOrNull(row, 6), Sql.MomentOrNull(row, 7));

    private Task<int> ExecuteAsync(NpgsqlBatchCommand statement, CancellationToken cancellationToken) =>
        database.WriteAsync(connection => Sql.ExecuteAsync(connection, statement, cancellationToken), cancellationToken);

    private Task<List<T>> RowsAsync<T>(NpgsqlBatchCommand statement, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) =>
        database.RepeatableAsync(connection => Sql.RowsAsync(connection, statement, read, cancellationToken), cancellationToken);
}
