using Npgsql;
using NpgsqlTypes;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>Tenants and keys in Postgres. What a tenant uses is counted in its records whenever it is asked for.</summary>
internal sealed class PostgresTenantStore(PostgresDatabase database) : ITenantStore
{
    private static readonly string[] Bounds =
        ["name", "sandboxes", "cpus", "memory_bytes", "creates_per_minute", "total_sandboxes", "gpus", "disk_bytes"];

    private const string KeyColumns = "id, tenant, note, sha256, is_admin, created_at, expires_at, revoked_at, permissions";

    public Task PutAsync(Tenant tenant, CancellationToken cancellationToken) => ExecuteAsync(
        Sql.Statement(
            $"""
            INSERT INTO tenants ({string.Join(", ", Bounds)}) VALUES ({string.Join(", ", Bounds.Select(name => $"@{name}"))})
            ON CONFLICT (name) DO UPDATE SET {string.Join(", ", Bounds[1..].Select(name => $"{name} = @{name}"))}
            """)
            .With("name", tenant.Name)
            .With("sandboxes", NpgsqlDbType.Integer, tenant.Quota.Sandboxes)
            .With("cpus", NpgsqlDbType.Double, tenant.Quota.Cpus)
            .With("memory_bytes", tenant.Quota.MemoryBytes)
            .With("creates_per_minute", NpgsqlDbType.Integer, tenant.Quota.CreatesPerMinute)
            .With("total_sandboxes", NpgsqlDbType.Integer, tenant.Quota.TotalSandboxes)
            .With("gpus", NpgsqlDbType.Integer, tenant.Quota.Gpus)
            .With("disk_bytes", tenant.Quota.DiskBytes),
        cancellationToken);

    public async Task<Tenant?> FindAsync(string name, CancellationToken cancellationToken) =>
        (await RowsAsync(
            Sql.Statement($"SELECT {string.Join(", ", Bounds)} FROM tenants WHERE name = @name").With("name", name), ReadTenant,
            cancellationToken))
        .SingleOrDefault();

    public async Task<SandboxError.QuotaExceeded?> CheckAsync(SandboxInstance resting, CancellationToken cancellationToken) =>
        (await RowsAsync(SandboxWrites.Check(resting), row => SandboxWrites.RefusalIn(row, 0), cancellationToken)).Single();

    public async Task<IReadOnlyList<TenantView>> ListAsync(CancellationToken cancellationToken) => await RowsAsync(
        Sql.Statement(
            $"""
            SELECT {string.Join(", ", Bounds.Select(name => $"t.{name}"))},
                (count(s.id) FILTER (WHERE s.is_live))::integer,
                coalesce(sum(coalesce(s.limit_cpus, s.cpus)) FILTER (WHERE s.is_live), 0),
                coalesce(sum(s.memory_bytes) FILTER (WHERE s.is_live), 0)::bigint,
                count(s.id)::integer,
                coalesce(sum(s.gpus) FILTER (WHERE s.is_live), 0)::bigint,
                coalesce(sum(s.disk), 0)::bigint
            FROM tenants t LEFT JOIN (
                SELECT id, tenant, cpus, limit_cpus, memory_bytes, gpus, state IN ('pending', 'running') AS is_live,
                    CASE WHEN state = 'archived' THEN (archive->>'bytes')::bigint ELSE disk_bytes END AS disk
                FROM sandboxes WHERE state <> 'deleted') s ON s.tenant = t.name
            GROUP BY t.name ORDER BY t.name
            """),
        row => new TenantView(
            ReadTenant(row), row.GetInt32(8), row.GetDouble(9), row.GetInt64(10), row.GetInt32(11), row.GetInt64(12), row.GetInt64(13)),
        cancellationToken);

    public async Task<bool> TryAddKeyAsync(ApiKey key, CancellationToken cancellationToken) => await ExecuteAsync(
        Sql.Statement(
            $"""
            INSERT INTO api_keys ({KeyColumns})
            SELECT @id, name, @note, @sha256, @is_admin, @created_at, @expires_at, @revoked_at, @permissions
            FROM tenants WHERE name = @tenant
            """)
            .With("id", key.Id)
            .With("tenant", key.Tenant)
            .With("note", key.Note)
            .With("sha256", NpgsqlDbType.Bytea, key.Sha256.ToArray())
            .With("is_admin", key.IsAdmin)
            .With("created_at", key.CreatedAt)
            .With("expires_at", key.ExpiresAt)
            .With("revoked_at", key.RevokedAt)
            .With("permissions", NpgsqlDbType.Array | NpgsqlDbType.Text, key.Permissions.ToArray()),
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
            row.IsDBNull(4) ? null : row.GetInt32(4), row.IsDBNull(5) ? null : row.GetInt32(5), row.IsDBNull(6) ? null : row.GetInt32(6),
            Sql.NumberOrNull(row, 7)));

    private static ApiKey ReadKey(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetFieldValue<byte[]>(3), row.GetBoolean(4), Sql.Moment(row, 5),
        Sql.MomentOrNull(row, 6), Sql.MomentOrNull(row, 7))
    { Permissions = row.GetFieldValue<string[]>(8) };

    private Task<int> ExecuteAsync(NpgsqlBatchCommand statement, CancellationToken cancellationToken) =>
        database.WriteAsync(connection => Sql.ExecuteAsync(connection, statement, cancellationToken), cancellationToken);

    private Task<List<T>> RowsAsync<T>(NpgsqlBatchCommand statement, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) =>
        database.RepeatableAsync(connection => Sql.RowsAsync(connection, statement, read, cancellationToken), cancellationToken);
}
