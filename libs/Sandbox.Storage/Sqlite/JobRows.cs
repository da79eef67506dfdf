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
            "INSERT INTO jobs (sandbox_id, version, job, claimable_at, created_at) VALUES ($sandbox, $version, $job, $now, $now)",
            ("$sandbox", job.SandboxId.ToString()),
            ("$version", job.SandboxVersion),
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
            INSERT INTO dead_letters SELECT id, sandbox_id, version, $job, attempt, $reason, $now FROM jobs WHERE id = $id AND attempt = $attempt{which};
            DELETE FROM jobs WHERE id = $id AND attempt = $attempt{which};
            """,
            ("$id", id),
            ("$attempt", attempt),
            ("$job", text),
            ("$reason", reason),
            ("$now", Sql.Moment(now))) > 0;
}
