using Microsoft.Data.Sqlite;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Sqlite;

/// <summary>Leases in the same file as the records, by this machine's clock: every process on the file is on this machine.</summary>
internal sealed class SqliteLeaseStore(SqliteDatabase database, TimeProvider time) : ILeaseStore
{
    private const string Held = "name = $name AND epoch = $epoch AND holder = $holder AND released = 0";

    public Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan length, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection =>
            {
                var now = time.GetUtcNow();
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
            },
            cancellationToken);

    public Task<bool> TryRenewAsync(Lease lease, TimeSpan length, CancellationToken cancellationToken) => database.WriteAsync(
        connection => ChangesAny(connection, $"UPDATE leases SET expires_at = $at WHERE {Held}", lease, time.GetUtcNow() + length),
        cancellationToken);

    public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) => database.WriteAsync(
        connection => ChangesAny(
            connection, $"UPDATE leases SET expires_at = min(expires_at, $at), released = 1 WHERE {Held}", lease, time.GetUtcNow()),
        cancellationToken);

    public Task<LeaseView?> FindAsync(string name, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection =>
        {
            using var command = Sql.Command(connection, "SELECT holder, epoch, expires_at FROM leases WHERE name = $name", ("$name", name));
            using var row = command.ExecuteReader();
            return row.Read()
                ? new LeaseView(name, row.GetString(0), row.GetInt64(1), Sql.Moment(row.GetInt64(2)) - time.GetUtcNow())
                : null;
        }));

    private static bool ChangesAny(SqliteConnection connection, string text, Lease lease, DateTimeOffset at) => Sql.Execute(
        connection, text, ("$name", lease.Name), ("$epoch", lease.Epoch), ("$holder", lease.Holder), ("$at", Sql.Moment(at))) == 1;
}
