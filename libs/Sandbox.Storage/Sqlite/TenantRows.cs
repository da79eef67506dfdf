using System.Globalization;
using Microsoft.Data.Sqlite;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Sqlite;

/// <summary>Tenants and what they use, counted in their records. There is one writer at a time, so what is counted in a write
/// stays so until its commit.</summary>
internal static class TenantRows
{
    // Sums of fractions are a hair beside the number that people mean.
    private const double Hair = 1e-6;

    /// <summary>Of a tenant <c>t</c>.</summary>
    private const string Bounds =
        "t.name, t.sandboxes, t.cpus, t.memory_bytes, t.creates_per_minute, t.total_sandboxes, t.gpus, t.disk_bytes";

    /// <summary>What the records <c>s</c> of a tenant use, of which none is deleted.</summary>
    private const string Usage =
        """
        count(CASE WHEN s.state IN ('pending', 'running') THEN 1 END),
        total(CASE WHEN s.state IN ('pending', 'running') THEN coalesce(s.limit_cpus, s.cpus) END),
        coalesce(sum(CASE WHEN s.state IN ('pending', 'running') THEN s.memory_bytes END), 0),
        count(s.id),
        coalesce(sum(CASE WHEN s.state IN ('pending', 'running') THEN s.gpus END), 0),
        coalesce(sum(CASE WHEN s.state = 'archived' THEN json_extract(s.facts, '$.archive.bytes') ELSE s.disk_bytes END), 0)
        """;

    public static Tenant? Find(SqliteConnection connection, string name)
    {
        using var command = Sql.Command(connection, $"SELECT {Bounds} FROM tenants t WHERE t.name = $name", ("$name", name));
        using var row = command.ExecuteReader();
        return row.Read() ? Read(row) : null;
    }

    /// <summary>All, by name, with what they use.</summary>
    public static List<TenantView> List(SqliteConnection connection) => Sql.Rows(
        connection,
        $"""
        SELECT {Bounds}, {Usage} FROM tenants t LEFT JOIN sandboxes s ON s.tenant = t.name AND s.state <> 'deleted'
        GROUP BY t.name ORDER BY t.name
        """,
        row => ReadUsage(row, Read(row), 8));

    /// <summary>Which quota the sandbox would exceed; null: none.</summary>
    public static SandboxError.QuotaExceeded? Refusal(SqliteConnection connection, string tenant, QuotaDemand more)
    {
        if (Find(connection, tenant) is not { Quota: var quota } found || quota with { CreatesPerMinute = null } == TenantQuota.None)
        {
            return null;
        }

        var used = Used(connection, found);
        return used.Sandboxes + 1 > quota.Sandboxes ? Of("sandboxes", $"{quota.Sandboxes}")
            : more.IsCreate && used.TotalSandboxes + 1 > quota.TotalSandboxes ? Of("total sandboxes", $"{quota.TotalSandboxes}")
            : used.Cpus + more.Cpus > quota.Cpus + Hair ? Of("cpus", string.Create(CultureInfo.InvariantCulture, $"{quota.Cpus}"))
            : used.MemoryBytes + more.MemoryBytes > quota.MemoryBytes ? Of("memory", $"{quota.MemoryBytes} bytes")
            : used.Gpus + more.Gpus > quota.Gpus ? Of("gpus", $"{quota.Gpus}")
            : more.DiskBytes is null && quota.DiskBytes is { } disk ? Of("disk", $"{disk} bytes, and the sandbox has no disk limit")
            : more.DiskBytes > 0 && used.DiskBytes + more.DiskBytes > quota.DiskBytes ? Of("disk", $"{quota.DiskBytes} bytes")
            : null;
    }

    /// <summary>Whether the creates of this minute are used up; null: they are not.</summary>
    public static SandboxError.QuotaExceeded? CreateRefusal(SqliteConnection connection, string tenant, DateTimeOffset now)
    {
        using var command = Sql.Command(
            connection,
            """
            SELECT creates_per_minute FROM tenants
            WHERE name = $tenant AND CASE WHEN minute = $minute THEN creates ELSE 0 END >= creates_per_minute
            """,
            ("$tenant", tenant),
            ("$minute", MinuteOf(now)));
        return command.ExecuteScalar() is long bound
            ? new SandboxError.QuotaExceeded("creates per minute", $"{bound}", DateTimeOffset.UnixEpoch.AddMinutes(MinuteOf(now) + 1) - now)
            : null;
    }

    /// <summary>Counts an accepted create, where there is a quota of them.</summary>
    public static void CountCreate(SqliteConnection connection, string tenant, DateTimeOffset now) => Sql.Execute(
        connection,
        """
        UPDATE tenants SET creates = CASE WHEN minute = $minute THEN creates + 1 ELSE 1 END, minute = $minute
        WHERE name = $tenant AND creates_per_minute IS NOT NULL
        """,
        ("$tenant", tenant),
        ("$minute", MinuteOf(now)));

    private static SandboxError.QuotaExceeded Of(string what, string bound) => new(what, bound, RetryAfter: null);

    private static long MinuteOf(DateTimeOffset now) => now.ToUnixTimeSeconds() / 60;

    private static Tenant Read(SqliteDataReader row) => new(
        row.GetString(0),
        new TenantQuota(
            row.IsDBNull(1) ? null : row.GetInt32(1), row.IsDBNull(2) ? null : row.GetDouble(2), row.IsDBNull(3) ? null : row.GetInt64(3),
            row.IsDBNull(4) ? null : row.GetInt32(4), row.IsDBNull(5) ? null : row.GetInt32(5), row.IsDBNull(6) ? null : row.GetInt32(6),
            row.IsDBNull(7) ? null : row.GetInt64(7)));

    private static TenantView Used(SqliteConnection connection, Tenant tenant)
    {
        using var command = Sql.Command(
            connection, $"SELECT {Usage} FROM sandboxes s WHERE s.tenant = $tenant AND s.state <> 'deleted'", ("$tenant", tenant.Name));
        using var row = command.ExecuteReader();
        row.Read();
        return ReadUsage(row, tenant, 0);
    }

    private static TenantView ReadUsage(SqliteDataReader row, Tenant tenant, int first) => new(
        tenant, row.GetInt32(first), row.GetDouble(first + 1), row.GetInt64(first + 2), row.GetInt32(first + 3), row.GetInt64(first + 4),
        row.GetInt64(first + 5));
}
