using System.Diagnostics;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>Records in Postgres.</summary>
internal sealed class PostgresSandboxStore(PostgresDatabase database) : ISandboxStore
{
    public async Task<Result<SandboxInstance>> TryCreateAsync(
        SandboxInstance first, SandboxJob job, CancellationToken cancellationToken)
    {
        var (version, refusal) = (await database.WriteAsync(
            connection => Sql.RowsAsync(
                connection,
                SandboxWrites.Create(first, job),
                row => (Version: Sql.NumberOrNull(row, 0), Refusal: SandboxWrites.RefusalIn(row, 1)),
                cancellationToken),
            cancellationToken)).Single();
        return version is { } written ? first with { Version = written }
            : refusal is not null && await FindAsync(first.Id, cancellationToken) is null or { State: SandboxState.Deleted } ? refusal
            : new SandboxError.IdInUse(first.Id);
    }

    public Task<SandboxInstance?> FindAsync(SandboxId id, CancellationToken cancellationToken) => database.RepeatableAsync(
        async connection => (await Sql.RowsAsync(
            connection,
            Sql.Statement($"SELECT {SandboxRows.Columns} FROM sandboxes WHERE id = @id").With("id", id.ToString()),
            SandboxRows.Read,
            cancellationToken)).SingleOrDefault(),
        cancellationToken);

    public async Task<bool> TryMoveAsync(SandboxMove move, CancellationToken cancellationToken)
    {
        Debug.Assert(move.Next.Version > move.From.Version, "a move raises the version");
        return await database.WriteAsync(
            connection => Sql.ScalarAsync<long>(connection, SandboxWrites.Move(move), cancellationToken), cancellationToken) == 1;
    }

    public async Task<bool> TryAmendAsync(SandboxInstance next, CancellationToken cancellationToken) =>
        await database.RepeatableAsync(
            connection => Sql.ExecuteAsync(connection, SandboxWrites.Amend(next), cancellationToken), cancellationToken) == 1;

    public Task<SandboxPage> ListAsync(SandboxQuery query, CancellationToken cancellationToken) =>
        database.RepeatableAsync(connection => SandboxLists.ReadAsync(connection, query, cancellationToken), cancellationToken);

    public async Task<IReadOnlyList<SandboxInstance>> DueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        await database.RepeatableAsync(
            connection => Sql.RowsAsync(
                connection,
                Sql.Statement($"SELECT {SandboxRows.Columns} FROM sandboxes WHERE due_at <= @now ORDER BY due_at LIMIT @limit")
                    .With("now", now).With("limit", limit),
                SandboxRows.Read,
                cancellationToken),
            cancellationToken);

    public Task<int> PurgeAsync(int limit, CancellationToken cancellationToken) => database.RepeatableAsync(
        connection => Sql.ExecuteAsync(
            connection,
            Sql.Statement(
                """
                DELETE FROM sandboxes WHERE id IN (
                    SELECT id FROM sandboxes WHERE state = 'deleted' AND deleted_at <= (SELECT store_now()) - @kept
                    ORDER BY deleted_at LIMIT @limit FOR UPDATE SKIP LOCKED)
                """).With("kept", ISandboxStore.TombstoneKept).With("limit", limit),
            cancellationToken),
        cancellationToken);
}
