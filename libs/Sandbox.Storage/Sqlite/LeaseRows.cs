using Microsoft.Data.Sqlite;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Sqlite;

/// <summary>A lease as a row of <c>leases</c>. There is one writer at a time, so what is read in a write stays so until its
/// commit.</summary>
internal static class LeaseRows
{
    private const string Held = "name = $name AND epoch = $epoch AND holder = $holder AND released = 0";

    /// <summary>Null: another holder has it.</summary>
    public static Lease? Acquire(SqliteConnection connection, string name, string holder, TimeSpan length, DateTimeOffset now)
    {
        using var command = Sql.Command(
            connection,
            """
            INSERT INTO leases (name, holder, epoch, expires_at) VALUES ($name, $holder, 1, $until)
            ON CONFLICT (name) DO UPDATE SET holder = $holder, epoch = epoch + 1, expires_at = $until, released = 0
                WHERE released = 1 OR holder = $holder OR expires_at <= $now
            RETURNING epoch
            """,
            ("$name", name),
            ("$holder", holder),
            ("$until", Sql.Moment(now + length)),
            ("$now", Sql.Moment(now)));
        return command.ExecuteScalar() is long epoch ? new Lease(name, holder, epoch) : null;
    }

    /// <summary>False: it is not held any more.</summary>
    public static bool Renew(SqliteConnection connection, Lease lease, DateTimeOffset until) =>
        ChangesAny(connection, $"UPDATE leases SET expires_at = $at WHERE {Held}", lease, until);

    public static bool Release(SqliteConnection connection, Lease lease, DateTimeOffset now) =>
        ChangesAny(connection, $"UPDATE leases SET expires_at = min(expires_at, $at), released = 1 WHERE {Held}", lease, now);

    /// <summary>Whether a write under this fence may happen.</summary>
    public static bool IsCurrent(SqliteConnection connection, Fence? fence)
    {
        if (fence is null)
        {
            return true;
        }

        using var command = Sql.Command(
            connection, "SELECT 1 FROM leases WHERE name = $name AND epoch = $epoch", ("$name", fence.Lease), ("$epoch", fence.Epoch));
        return command.ExecuteScalar() is not null;
    }

    /// <summary>Whether the lease is also held now.</summary>
    public static bool IsHeld(SqliteConnection connection, Fence? fence, DateTimeOffset now)
    {
        if (fence is null)
        {
            return true;
        }

        using var command = Sql.Command(
            connection,
            "SELECT 1 FROM leases WHERE name = $name AND epoch = $epoch AND released = 0 AND expires_at > $now",
            ("$name", fence.Lease),
            ("$epoch", fence.Epoch),
            ("$now", Sql.Moment(now)));
        return command.ExecuteScalar() is not null;
    }

    private static bool ChangesAny(SqliteConnection connection, string text, Lease lease, DateTimeOffset at) => Sql.Execute(
        connection, text, ("$name", lease.Name), ("$epoch", lease.Epoch), ("$holder", lease.Holder), ("$at", Sql.Moment(at))) == 1;
}
