using System.Globalization;
using Microsoft.Data.Sqlite;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Sqlite;

/// <summary>Tenants and what they use, counted in their records. There is one writer at a time, so what is counted in a write
/// stays so until its commit.</summary>
internal static class TenantRows
{
    // Sums of fractions are a hair beside the number that people mean.
    private const double Hair = 1e-6;

    public static Tenant? Find(SqliteConnection connection, string name)
    {
        using var command = Sql.Command(
            connection, "SELECT name, sandboxes, cpus, memory_bytes, creates_per_minute FROM tenants WHERE name = $name", ("$name", name));
        using var row = command.ExecuteReader();
        return row.Read() ? Read(row) : null;
    }

    public static Tenant Read(SqliteDataReader row) => new(
        row.GetString(0),
        new TenantQuota(
            row.IsDBNull(1) ? null : row.GetInt32(1), row.IsDBNull(2) ? null : row.GetDouble(2), row.IsDBNull(3) ? null : row.GetInt64(3),
            row.IsDBNull(4) ? null : row.GetInt32(4)));

    /// <summary>Which quota one more sandbox would exceed; null: none.</summary>
    public static SandboxError.QuotaExceeded? Refusal(SqliteConnection connection, string tenant, SandboxSpec spec)
    {
        if (Find(connection, tenant) is not { Quota: var quota } || quota is { Sandboxes: null, Cpus: null, MemoryBytes: null })
        {
            return null;
        }

        var (sandboxes, cpus, memory) = Used(connection, tenant);
        return sandboxes + 1 > quota.Sandboxes ? Of("sandboxes", $"{quota.Sandboxes}")
            : cpus + spec.Cpus > quota.Cpus + Hair ? Of("cpus", string.Create(CultureInfo.InvariantCulture, $"{quota.Cpus}"))
            : memory + spec.MemoryBytes > quota.MemoryBytes ? Of("memory", $"{quota.MemoryBytes} bytes")
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

    private static (long Sandboxes, double Cpus, long MemoryBytes) Used(SqliteConnection connection, string tenant)
    {
        using var command = Sql.Command(
            connection,
            """
            SELECT count(*), coalesce(sum(cpus), 0.0), coalesce(sum(memory_bytes), 0) FROM sandboxes
            WHERE tenant = $tenant AND state IN ('pending', 'running')
            """,
            ("$tenant", tenant));
        using var row = command.ExecuteReader();
        row.Read();
        return (row.GetInt64(0), row.GetDouble(1), row.GetInt64(2));
    }
}
