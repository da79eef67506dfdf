using Microsoft.Data.Sqlite;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Sqlite;

/// <summary>Tenants and keys in the same file as the records.</summary>
internal sealed class SqliteTenantStore(SqliteDatabase database, TimeProvider time) : ITenantStore
{
    private const string KeyColumns = "id, tenant, note, sha256, is_admin, created_at, expires_at, revoked_at, permissions";

    public Task PutAsync(Tenant tenant, CancellationToken cancellationToken) => database.WriteAsync(
        connection => Sql.Execute(
            connection,
            """
            INSERT INTO tenants (name, sandboxes, cpus, memory_bytes, creates_per_minute, total_sandboxes, gpus, disk_bytes)
            VALUES ($name, $sandboxes, $cpus, $memory, $creates, $total, $gpus, $disk)
            ON CONFLICT (name) DO UPDATE SET sandboxes = $sandboxes, cpus = $cpus, memory_bytes = $memory, creates_per_minute = $creates,
                total_sandboxes = $total, gpus = $gpus, disk_bytes = $disk
            """,
            ("$name", tenant.Name),
            ("$sandboxes", tenant.Quota.Sandboxes),
            ("$cpus", tenant.Quota.Cpus),
            ("$memory", tenant.Quota.MemoryBytes),
            ("$creates", tenant.Quota.CreatesPerMinute),
            ("$total", tenant.Quota.TotalSandboxes),
            ("$gpus", tenant.Quota.Gpus),
            ("$disk", tenant.Quota.DiskBytes)),
        cancellationToken);

    public Task<Tenant?> FindAsync(string name, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection => TenantRows.Find(connection, name)));

    public Task<SandboxError.QuotaExceeded?> CheckAsync(SandboxInstance resting, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(
            connection => TenantRows.Refusal(connection, resting.Tenant, QuotaDemand.OfReturning(resting))));

    public Task<IReadOnlyList<TenantView>> ListAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<TenantView>>(database.Read(TenantRows.List));

    public Task<bool> TryAddKeyAsync(ApiKey key, CancellationToken cancellationToken) => database.WriteAsync(
        connection => Sql.Execute(
            connection,
            $"""
            INSERT INTO api_keys ({KeyColumns})
            SELECT $id, name, $note, $sha256, $is_admin, $created_at, $expires_at, $revoked_at, $permissions
            FROM tenants WHERE name = $tenant
            """,
            ("$id", key.Id),
            ("$tenant", key.Tenant),
            ("$note", key.Note),
            ("$sha256", key.Sha256.ToArray()),
            ("$is_admin", key.IsAdmin ? 1 : 0),
            ("$created_at", Sql.Moment(key.CreatedAt)),
            ("$expires_at", Sql.Moment(key.ExpiresAt)),
            ("$revoked_at", Sql.Moment(key.RevokedAt)),
            ("$permissions", string.Join(' ', key.Permissions))) == 1,
        cancellationToken);

    public Task<bool> TryRevokeKeyAsync(string keyId, CancellationToken cancellationToken) => database.WriteAsync(
        connection => Sql.Execute(
            connection,
            "UPDATE api_keys SET revoked_at = $now WHERE id = $id AND revoked_at IS NULL",
            ("$id", keyId),
            ("$now", Sql.Moment(time.GetUtcNow()))) == 1,
        cancellationToken);

    public Task<ApiKey?> FindKeyAsync(ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection => Keys(
            connection,
            "WHERE sha256 = $sha256 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $now)",
            ("$sha256", sha256.ToArray()),
            ("$now", Sql.Moment(time.GetUtcNow()))).SingleOrDefault()));

    public Task<IReadOnlyList<ApiKey>> ListKeysAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<ApiKey>>(database.Read(connection => Keys(connection, "ORDER BY created_at, id")));

    public Task<bool> HasKeysAsync(CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection =>
        {
            using var command = Sql.Command(connection, "SELECT 1 FROM api_keys WHERE revoked_at IS NULL LIMIT 1");
            return command.ExecuteScalar() is not null;
        }));

    private static List<ApiKey> Keys(
        SqliteConnection connection, string rest, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        Sql.Rows(
            connection,
            $"SELECT {KeyColumns} FROM api_keys {rest}",
            row => new ApiKey(
                row.GetString(0), row.GetString(1), row.GetString(2), row.GetFieldValue<byte[]>(3), row.GetInt64(4) != 0,
                Sql.Moment(row.GetInt64(5)), Sql.MomentOrNull(row, 6), Sql.MomentOrNull(row, 7))
            { Permissions = row.GetString(8).Split(' ', StringSplitOptions.RemoveEmptyEntries) },
            parameters);
}
