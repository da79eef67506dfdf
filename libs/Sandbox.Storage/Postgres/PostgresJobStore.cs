using Npgsql;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Jobs;

namespace Sandbox.Storage.Postgres;

/// <summary>Jobs beside the records. A job is held while its row names a node; the attempt number fences its earlier
/// holder.</summary>
internal sealed class PostgresJobStore(PostgresDatabase database) : IJobStore
{
    private const string Held = "id = @id AND attempt = @attempt AND node IS NOT NULL";

    // What is held is always the oldest of its sandbox.
    private const string NextDue = """
        SELECT least(
            (SELECT claimable_at FROM jobs WHERE node IS NOT NULL AND claimable_at > (SELECT store_now()) ORDER BY claimable_at LIMIT 1),
            (SELECT claimable_at FROM jobs WHERE node IS NULL AND attempt > 0 AND claimable_at > (SELECT store_now())
                AND NOT EXISTS (SELECT 1 FROM jobs older WHERE older.sandbox_id = jobs.sandbox_id AND older.id < jobs.id)
                ORDER BY claimable_at LIMIT 1))
        """;

    private readonly FairShareScheduler _scheduler = new();
    private readonly JobCompletions _completions = new(database);

    public Task<IReadOnlyList<ClaimedJob>> ClaimAsync(JobClaim claim, CancellationToken cancellationToken) => database.TransactAsync(
        connection => new JobClaims(connection, claim, _scheduler).RunAsync(cancellationToken), cancellationToken);

    public Task<IReadOnlyList<StrandedJob>> ClaimStrandedAsync(
        string claimant, TimeSpan silence, TimeSpan lease, int limit, CancellationToken cancellationToken) => database.TransactAsync(
        connection => StrandedClaims.RunAsync(connection, claimant, silence, lease, limit, cancellationToken), cancellationToken);

    public Task<bool> TryRenewAsync(ClaimedJob job, TimeSpan lease, CancellationToken cancellationToken) => database.UrgentAsync(
        connection => ChangesAsync(
            connection, With($"UPDATE jobs SET claimable_at = store_now() + @lease WHERE {Held}", job).With("lease", lease),
            cancellationToken),
        cancellationToken);

    public Task<bool> TryCompleteAsync(ClaimedJob job, CancellationToken cancellationToken) =>
        _completions.TryCompleteAsync(job, cancellationToken);

    public Task<bool> TryReleaseAsync(ClaimedJob job, TimeSpan delay, CancellationToken cancellationToken) => database.WriteAsync(
        connection => ChangesAsync(
            connection,
            With($"UPDATE jobs SET node = NULL, claimable_at = store_now() + @delay WHERE {Held}", job).With("delay", delay),
            cancellationToken),
        cancellationToken);

    public Task<bool> TryDeadLetterAsync(ClaimedJob job, string reason, CancellationToken cancellationToken) => database.WriteAsync(
        connection => ChangesAsync(connection, DeadLetterRows.FromClaimed(job, reason), cancellationToken), cancellationToken);

    public async Task<IReadOnlyList<DeadLetter>> DeadLettersAsync(int limit, CancellationToken cancellationToken) =>
        await database.RepeatableAsync(
            connection => Sql.RowsAsync(
                connection, Sql.Statement(DeadLetterRows.Newest).With("limit", limit), DeadLetterRows.Read, cancellationToken),
            cancellationToken);

    public Task<bool> TryRedriveAsync(long id, CancellationToken cancellationToken) => database.WriteAsync(
        connection => ChangesAsync(connection, DeadLetterRows.Redrive(id), cancellationToken), cancellationToken);

    public Task<DateTimeOffset?> NextDueAsync(CancellationToken cancellationToken) => database.RepeatableAsync(
        async connection =>
            (await Sql.RowsAsync(connection, Sql.Statement(NextDue), row => Sql.MomentOrNull(row, 0), cancellationToken))[0],
        cancellationToken);

    public Task<bool> HasOpenAsync(SandboxId id, long upToVersion, CancellationToken cancellationToken) => database.RepeatableAsync(
        connection => Sql.ScalarAsync<bool>(
            connection,
            Sql.Statement("SELECT EXISTS (SELECT 1 FROM jobs WHERE sandbox_id = @sandbox AND version <= @version)")
                .With("sandbox", id.ToString()).With("version", upToVersion),
            cancellationToken),
        cancellationToken);

    public Task ReleaseAllOfAsync(string node, CancellationToken cancellationToken) => database.RepeatableAsync(
        connection => Sql.ExecuteAsync(
            connection,
            Sql.Statement("UPDATE jobs SET node = NULL, claimable_at = store_now() WHERE node = @node").With("node", node),
            cancellationToken),
        cancellationToken);

    private static NpgsqlBatchCommand With(string text, ClaimedJob job) =>
        Sql.Statement(text).With("id", job.Id).With("attempt", job.Attempt);

    private static async Task<bool> ChangesAsync(
        NpgsqlConnection connection, NpgsqlBatchCommand statement, CancellationToken cancellationToken) =>
        await Sql.ExecuteAsync(connection, statement, cancellationToken) == 1;
}
