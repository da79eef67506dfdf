using Microsoft.Data.Sqlite;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Jobs;

namespace Sandbox.Storage.Sqlite;

/// <summary>A job as a row of <c>jobs</c>.</summary>
internal static class JobRows
{
    /// <summary>Writes a job that can be claimed at once, with the trace of the caller.</summary>
    public static void Insert(SqliteConnection connection, SandboxJob job, DateTimeOffset now) =>
        Sql.Execute(
            connection,
            """
            INSERT INTO jobs (sandbox_id, version, slot_class, job, claimable_at, created_at)
            VALUES ($sandbox, $version, $slot_class, $job, $now, $now)
            """,
            ("$sandbox", job.SandboxId.ToString()),
            ("$version", job.SandboxVersion),
            ("$slot_class", (int)job.SlotClass),
            ("$job", JobText.Of(job)),
            ("$now", Sql.Moment(now)));

    /// <summary>Whether the claim still holds, also where none is needed.</summary>
    public static bool IsHeld(SqliteConnection connection, ClaimedJob? claim)
    {
        if (claim is null)
        {
            return true;
        }

        using var command = Sql.Command(
            connection, "SELECT 1 FROM jobs WHERE id = $id AND attempt = $attempt AND node IS NOT NULL", ("$id", claim.Id),
            ("$attempt", claim.Attempt));
        return command.ExecuteScalar() is not null;
    }

    /// <summary>The job becomes a dead letter.</summary>
    /// <param name="which">What its row is found by, beside its id.</param>
    /// <param name="text">Of the job, without secrets.</param>
    public static bool ToDeadLetter(
        SqliteConnection connection, string which, long id, int attempt, string text, string reason, DateTimeOffset now) =>
        Sql.Execute(
            connection,
            $"""
            INSERT INTO dead_letters (id, sandbox_id, version, slot_class, job, attempts, reason, at)
                SELECT id, sandbox_id, version, slot_class, $job, attempt, $reason, $now FROM jobs
                WHERE id = $id AND attempt = $attempt{which};
            DELETE FROM jobs WHERE id = $id AND attempt = $attempt{which};
            """,
            ("$id", id),
            ("$attempt", attempt),
            ("$job", text),
            ("$reason", reason),
            ("$now", Sql.Moment(now))) > 0;
}
