using Npgsql;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>Leases in Postgres, by its clock. Taking one changes the epoch, which is part of a key: it waits until the writes
/// that hold the row as their fence are committed, and those that come later are refused.</summary>
internal sealed class PostgresLeaseStore(PostgresDatabase database) : ILeaseStore
{
    private const string Held = "name = @name AND epoch = @epoch AND holder = @holder AND NOT released";

    public async Task<Lease?> TryAcquireAsync(string name, string holder, TimeSpan length, CancellationToken cancellationToken)
    {
        var epoch = await database.WriteAsync(
            connection => Sql.ScalarAsync<long?>(connection, Acquire(name, holder, length), cancellationToken), cancellationToken);
        return epoch is { } taken ? new Lease(name, holder, taken) : null;
    }

    public async Task<bool> TryRenewAsync(Lease lease, TimeSpan length, CancellationToken cancellationToken) =>
        await database.UrgentAsync(
            connection => Sql.ExecuteAsync(connection, Renew(lease, length), cancellationToken), cancellationToken) == 1;

    public Task ReleaseAsync(Lease lease, CancellationToken cancellationToken) => database.RepeatableAsync(
        connection => Sql.ExecuteAsync(connection, Release(lease), cancellationToken), cancellationToken);

    public Task<LeaseView?> FindAsync(string name, CancellationToken cancellationToken) => database.RepeatableAsync(
        async connection => (await Sql.RowsAsync(
            connection,
            Sql.Statement("SELECT name, holder, epoch, expires_at - store_now() FROM leases WHERE name = @name").With("name", name),
            row => new LeaseView(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetFieldValue<TimeSpan>(3)),
            cancellationToken)).SingleOrDefault(),
        cancellationToken);

    /// <summary>Two statements of one transaction; they answer with the new epoch, without a row when another holder has it.
    /// Not one INSERT … ON CONFLICT DO UPDATE: that knows one key only, and of two that take a new lease at once the other key
    /// would refuse one with an error.</summary>
    public static NpgsqlBatchCommand[] Acquire(string name, string holder, TimeSpan length) =>
    [
        Sql.Statement("INSERT INTO leases VALUES (@name, '', 0, store_now(), true) ON CONFLICT DO NOTHING").With("name", name),
        Sql.Statement(
            """
            UPDATE leases SET holder = @holder, epoch = epoch + 1, expires_at = store_now() + @length, released = false
            WHERE name = @name AND (released OR holder = @holder OR expires_at <= store_now())
            RETURNING epoch
            """).With("name", name).With("holder", holder).With("length", length),
    ];

    /// <summary>Changes no row when it is not held any more.</summary>
    public static NpgsqlBatchCommand Renew(Lease lease, TimeSpan length) =>
        With(Sql.Statement($"UPDATE leases SET expires_at = store_now() + @length WHERE {Held}"), lease).With("length", length);

    public static NpgsqlBatchCommand Release(Lease lease) =>
        With(Sql.Statement($"UPDATE leases SET expires_at = least(expires_at, store_now()), released = true WHERE {Held}"), lease);

    private static NpgsqlBatchCommand With(NpgsqlBatchCommand statement, Lease lease) =>
        statement.With("name", lease.Name).With("epoch", lease.Epoch).With("holder", lease.Holder);
}
