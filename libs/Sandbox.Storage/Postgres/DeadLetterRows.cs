using Npgsql;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Jobs;

namespace Sandbox.Storage.Postgres;

/// <summary>Jobs that were given up, as rows of <c>dead_letters</c>. They hold no password.</summary>
internal static class DeadLetterRows
{
    public const string Newest =
        "SELECT id, sandbox_id, version, job, attempts, reason, at FROM dead_letters ORDER BY at DESC, id DESC LIMIT @limit";

    // A new number, so that it waits behind what is asked for its sandbox already.
    private const string Again = """
        WITH letter AS (DELETE FROM dead_letters WHERE id = @id RETURNING *)
        INSERT INTO jobs (
            sandbox_id, version, job, tenant, is_start, is_anywhere, slot_class, pinned, cpus, memory_bytes, disk_bytes, gpus, labels, image, claimable_at, created_at)
        SELECT
            sandbox_id, version, job, tenant, is_start, is_anywhere, slot_class,
            CASE WHEN is_start OR is_anywhere THEN NULL ELSE (SELECT host_name FROM sandboxes WHERE sandboxes.id = sandbox_id) END,
            cpus, memory_bytes, disk_bytes, gpus, labels, image, store_now(), store_now()
        FROM letter
        """;

    /// <summary>Changes no row when the job is not held any more.</summary>
    public static NpgsqlBatchCommand FromClaimed(ClaimedJob job, string reason) =>
        With(Sql.Statement(Text("id = @id AND attempt = @attempt AND node IS NOT NULL")), job.Id, JobText.WithoutSecrets(job.Job), reason)
            .With("attempt", job.Attempt);

    /// <summary>Of a job that cannot be read, whose row this transaction has locked.</summary>
    public static NpgsqlBatchCommand FromLocked(long id, string text) =>
        With(Sql.Statement(Text("id = @id")), id, text, JobText.Unreadable);

    public static NpgsqlBatchCommand Redrive(long id) => Sql.Statement(Again).With("id", id);

    public static DeadLetter Read(NpgsqlDataReader row) => new(
        row.GetInt64(0), SandboxId.Parse(row.GetString(1)), JobText.TryRead(row.GetString(3), row.GetInt64(2)), row.GetInt32(4),
        row.GetString(5), Sql.Moment(row, 6));

    private static NpgsqlBatchCommand With(NpgsqlBatchCommand statement, long id, string text, string reason) =>
        statement.With("id", id).With("job", text).With("reason", reason);

    private static string Text(string which) => $"""
        WITH gone AS (DELETE FROM jobs WHERE {which} RETURNING *)
        INSERT INTO dead_letters (
            id, sandbox_id, version, job, tenant, is_start, is_anywhere, slot_class, cpus, memory_bytes, disk_bytes, gpus, labels, image, attempts, reason, at)
        SELECT
            id, sandbox_id, version, @job, tenant, is_start, is_anywhere, slot_class, cpus, memory_bytes, disk_bytes, gpus, labels, image, attempt, @reason, store_now()
        FROM gone
        """;
}
