using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Sqlite;

/// <summary>Leases in the same file as the records, by this machine's clock: every process on the file is on this machine.</summary>
internal sealed class SqliteLeaseStore(SqliteDatabase database, TimeProvider time) : ILeaseStore
{
    public Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan length, CancellationToken cancellationToken) =>
        database.WriteAsync(connection => LeaseRows.Acquire(connection, name, holder, length, time.GetUtcNow()), cancellationToken);

    public Task<bool> TryRenewAsync(Lease lease, TimeSpan length, CancellationToken cancellationToken) =>
        database.WriteAsync(connection => LeaseRows.Renew(connection, lease, time.GetUtcNow() + length), cancellationToken);

    public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) =>
        database.WriteAsync(connection => LeaseRows.Release(connection, lease, time.GetUtcNow()), cancellationToken);

    public Task<LeaseView?> FindAsync(string name, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection =>
        {
            using var command = Sql.Command(connection, "SELECT holder, epoch, expires_at FROM leases WHERE name = $name", ("$name", name));
            using var row = command.ExecuteReader();
            return row.Read()
                ? new LeaseView(name, row.GetString(0), row.GetInt64(1), Sql.Moment(row.GetInt64(2)) - time.GetUtcNow())
                : null;
        }));
}
