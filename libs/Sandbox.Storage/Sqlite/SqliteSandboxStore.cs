using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Sqlite;

/// <summary>Records in a SQLite file.</summary>
internal sealed class SqliteSandboxStore(SqliteDatabase database, TimeProvider time) : IRecordStore
{
    public async Task<Result<SandboxInstance>> TryCreateAsync(
        SandboxInstance first, SandboxJob job, CancellationToken cancellationToken) =>
        await database.WriteAsync<Result<SandboxInstance>>(
            connection =>
            {
                var found = SandboxRows.Find(connection, first.Id);
                if (found is not null && !IsFree(found))
                {
                    return new SandboxError.IdInUse(first.Id);
                }

                var now = time.GetUtcNow();
                if (TenantRows.Refusal(connection, first.Tenant, QuotaDemand.OfNew(first.Spec)) is { } refusal)
                {
                    return refusal;
                }

                if (TenantRows.CreateRefusal(connection, first.Tenant, now) is { } wait)
                {
                    return wait;
                }

                TenantRows.CountCreate(connection, first.Tenant, now);
                var record = found is null ? first : first with { Version = found.Version + 1 };
                HistoryRows.Remove(connection, first.Id);
                SandboxRows.Remove(connection, first.Id);
                SandboxRows.Insert(connection, record);
                JobRows.Insert(connection, job with { SandboxVersion = record.Version }, now);
                return record;
            },
            cancellationToken);

    public Task<SandboxInstance?> FindAsync(SandboxId id, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection => SandboxRows.Find(connection, id)));

    public async Task<bool> TryTransitionAsync(SandboxTransition transition, CancellationToken cancellationToken) =>
        await TransitionAsync(transition, cancellationToken) is not null;

    public Task<SandboxInstance?> TransitionAsync(SandboxTransition transition, CancellationToken cancellationToken)
    {
        Debug.Assert(transition.Next.Version > transition.From.Version, "a transition raises the version");
        return database.WriteAsync(connection => Transition(connection, transition), cancellationToken);
    }

    public Task<bool> TryUpdateFactsAsync(SandboxInstance next, CancellationToken cancellationToken) =>
        database.WriteAsync(connection => SandboxRows.TryUpdate(connection, next, was: next), cancellationToken);

    public Task<bool> TryReplaceEgressAsync(SandboxInstance next, CancellationToken cancellationToken) =>
        database.WriteAsync(connection => SandboxRows.TryReplaceSpec(connection, next), cancellationToken);

    public Task<SandboxPage> ListAsync(SandboxQuery query, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection => SandboxLists.Read(connection, query)));

    public Task<IReadOnlyList<SandboxInstance>> DueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<SandboxInstance>>(database.Read(connection => SandboxRows.Select(
            connection,
            "WHERE due_at <= $now ORDER BY due_at LIMIT $limit",
            ("$now", Sql.Moment(now)),
            ("$limit", limit))));

    public Task<int> PurgeAsync(int limit, CancellationToken cancellationToken) => database.WriteAsync(
        connection =>
        {
            var old = SandboxRows.Select(
                connection,
                "WHERE state = 'deleted' AND deleted_at <= $before ORDER BY deleted_at LIMIT $limit",
                ("$before", Sql.Moment(time.GetUtcNow() - ISandboxStore.TombstoneKept)),
                ("$limit", limit));
            foreach (var tombstone in old)
            {
                HistoryRows.Remove(connection, tombstone.Id);
                SandboxRows.Remove(connection, tombstone.Id);
                Sql.Execute(connection, "DELETE FROM commits WHERE sandbox_id = $id", ("$id", tombstone.Id.ToString()));
            }

            return old.Count;
        },
        cancellationToken);

    private SandboxInstance? Transition(SqliteConnection connection, SandboxTransition transition)
    {
        var (from, next, job) = (transition.From, transition.Next, transition.Job);
        var current = SandboxRows.Find(connection, from.Id);
        if (current is null || current.Version != from.Version || !LeaseRows.IsCurrent(connection, transition.Fence)
            || !JobRows.IsHeld(connection, transition.Claim)
            || (!IsLive(from) && IsLive(next)
                && TenantRows.Refusal(connection, from.Tenant, QuotaDemand.OfReturning(from)) is not null)
            || FactMerge.Keep(next, from, current) is var written && !SandboxRows.TryUpdate(connection, written, from))
        {
            return null;
        }

        HistoryRows.Append(connection, next, from.Version);
        if (job is not null)
        {
            JobRows.Insert(connection, job, time.GetUtcNow());
        }

        return written;
    }

    private static bool IsLive(SandboxInstance record) => record.State is SandboxState.Pending or SandboxState.Running;

    private bool IsFree(SandboxInstance found) =>
        found.State is SandboxState.Deleted && found.DeletedAt + ISandboxStore.TombstoneFor <= time.GetUtcNow();
}
