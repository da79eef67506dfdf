using Microsoft.Data.Sqlite;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Sqlite;

/// <summary>A lease as a row of <c>leases</c>. There is one writer at a time, so what is read in a write stays so until its
/// commit.</summary>
internal static class LeaseRows
{
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
}
