using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Jobs;

namespace Sandbox.Storage.Sqlite;

/// <summary>Jobs in the same file as the records. A job is held while its row names a node; the attempt number fences
/// its earlier holder.</summary>
internal sealed class SqliteJobStore(SqliteDatabase database, TimeProvider time) : IJobStore
{
    private const string Held = "id = $id AND attempt = $attempt AND node IS NOT NULL";

    private const string OldestOfItsSandbox =
        "NOT EXISTS (SELECT 1 FROM jobs older WHERE older.sandbox_id = jobs.sandbox_id AND older.id < jobs.id)";

    private readonly FairShareScheduler _scheduler = new();

    public Task<IReadOnlyList<ClaimedJob>> ClaimAsync(JobClaim claim, CancellationToken cancellationToken) => database.WriteAsync(
        connection => new JobClaims(connection, claim, _scheduler, time.GetUtcNow()).Run(), cancellationToken);

    public Task<IReadOnlyList<StrandedJob>> ClaimStrandedAsync(
        string claimant, TimeSpan silence, TimeSpan lease, int limit, CancellationToken cancellationToken) => database.WriteAsync(
        connection => StrandedClaims.Run(connection, claimant, silence, lease, limit, time.GetUtcNow()), cancellationToken);

    public Task<bool> TryRenewAsync(ClaimedJob job, TimeSpan lease, CancellationToken cancellationToken) =>
        TryWriteAsync(
            $"UPDATE jobs SET claimable_at = $at WHERE {Held}", job, time.GetUtcNow() + lease, cancellationToken);

    public Task<bool> TryCompleteAsync(ClaimedJob job, CancellationToken cancellationToken) =>
        TryWriteAsync($"DELETE FROM jobs WHERE {Held}", job, at: null, cancellationToken);

    public Task<bool> TryReleaseAsync(ClaimedJob job, TimeSpan delay, CancellationToken cancellationToken) =>
        TryWriteAsync(
            $"UPDATE jobs SET node = NULL, claimable_at = $at WHERE {Held}", job, time.GetUtcNow() + delay, cancellationToken);

    public Task<bool> TryDeadLetterAsync(ClaimedJob job, string reason, CancellationToken cancellationToken) => database.WriteAsync(
        connection => JobRows.ToDeadLetter(
            connection, " AND node IS NOT NULL", job.Id, job.Attempt, JobText.WithoutSecrets(job.Job), reason, time.GetUtcNow()),
        cancellationToken);

    public Task<IReadOnlyList<DeadLetter>> DeadLettersAsync(int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<DeadLetter>>(database.Read(connection => Sql.Rows(
            connection,
            "SELECT id, sandbox_id, version, job, attempts, reason, at FROM dead_letters ORDER BY at DESC, id DESC LIMIT $limit",
            row => new DeadLetter(
                row.GetInt64(0), SandboxId.Parse(row.GetString(1)), JobText.TryRead(row.GetString(3), row.GetInt64(2)), row.GetInt32(4),
                row.GetString(5), Sql.Moment(row.GetInt64(6))),
            ("$limit", limit))));

    public Task<bool> TryRedriveAsync(long id, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection => Sql.Execute(
                connection,
                // A new number, so that it waits behind what is asked for its sandbox already.
                """
                INSERT INTO jobs (sandbox_id, version, slot_class, job, claimable_at, created_at)
                    SELECT sandbox_id, version, slot_class, job, $now, $now FROM dead_letters WHERE id = $id;
                DELETE FROM dead_letters WHERE id = $id;
                """,
                ("$id", id),
                ("$now", Sql.Moment(time.GetUtcNow()))) > 0,
            cancellationToken);

    public Task<DateTimeOffset?> NextDueAsync(CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection =>
        {
            using var command = Sql.Command(
                connection,
                $"SELECT claimable_at FROM jobs WHERE claimable_at > $now AND {OldestOfItsSandbox} ORDER BY claimable_at LIMIT 1",
                ("$now", Sql.Moment(time.GetUtcNow())));
            return command.ExecuteScalar() is long next ? Sql.Moment(next) : (DateTimeOffset?)null;
        }));

    public Task<bool> HasOpenAsync(SandboxId id, long upToVersion, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection =>
        {
            using var command = Sql.Command(
                connection,
                "SELECT 1 FROM jobs WHERE sandbox_id = $id AND version <= $version LIMIT 1",
                ("$id", id.ToString()),
                ("$version", upToVersion));
            return command.ExecuteScalar() is not null;
        }));

    public Task ReleaseAllOfAsync(string node, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection => Sql.Execute(
                connection,
                "UPDATE jobs SET node = NULL, claimable_at = $now WHERE node = $node",
                ("$node", node),
                ("$now", Sql.Moment(time.GetUtcNow()))),
            cancellationToken);

    private Task<bool> TryWriteAsync(string text, ClaimedJob job, DateTimeOffset? at, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection =>
            {
                using var command = Sql.Command(connection, text, ("$id", job.Id), ("$attempt", job.Attempt));
                if (at is not null)
                {
                    command.Parameters.AddWithValue("$at", Sql.Moment(at));
                }

                return command.ExecuteNonQuery() == 1;
            },
            cancellationToken);
}
