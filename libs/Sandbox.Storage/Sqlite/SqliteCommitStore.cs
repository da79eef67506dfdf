using Microsoft.Data.Sqlite;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Sqlite;

/// <summary>Commits in the same file as the jobs that make them.</summary>
internal sealed class SqliteCommitStore(SqliteDatabase database, TimeProvider time) : ICommitStore
{
    private const string IsIt = "sandbox_id = $id AND started_at = $started_at AND phase = 'Running'";

    public Task<SandboxCommit> BeginAsync(SandboxCommit begun, CommitSandboxJob job, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection =>
            {
                if (Find(connection, begun.SandboxId) is { Phase: CommitPhase.Running } running)
                {
                    return running;
                }

                Sql.Execute(
                    connection,
                    "INSERT OR REPLACE INTO commits (sandbox_id, image_tag, phase, started_at) VALUES ($id, $tag, 'Running', $started_at)",
                    ("$id", begun.SandboxId.ToString()),
                    ("$tag", begun.ImageTag),
                    ("$started_at", Sql.Moment(begun.StartedAt)));
                JobRows.Insert(connection, job, time.GetUtcNow());
                return begun;
            },
            cancellationToken);

    public Task<SandboxCommit?> FindAsync(SandboxId id, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection => Find(connection, id)));

    public Task<bool> TryEndAsync(SandboxCommit ended, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection => Sql.Execute(
                connection,
                $"""
                UPDATE commits SET phase = $phase, completed_at = $completed_at, exit_code = $exit_code, failed_stage = $stage,
                    error_code = $code, error_message = $message
                WHERE {IsIt}
                """,
                ("$id", ended.SandboxId.ToString()),
                ("$started_at", Sql.Moment(ended.StartedAt)),
                ("$phase", ended.Phase.ToString()),
                ("$completed_at", Sql.Moment(ended.CompletedAt)),
                ("$exit_code", ended.ExitCode),
                ("$stage", ended.FailedStage),
                ("$code", ended.ErrorCode),
                ("$message", ended.ErrorMessage)) == 1,
            cancellationToken);

    public Task<bool> TryQueueAgainAsync(CommitSandboxJob job, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection =>
            {
                if (Find(connection, job.SandboxId) is not { Phase: CommitPhase.Running } running
                    || Sql.Moment(running.StartedAt) != Sql.Moment(job.StartedAt))
                {
                    return false;
                }

                JobRows.Insert(connection, job, time.GetUtcNow());
                return true;
            },
            cancellationToken);

    private static SandboxCommit? Find(SqliteConnection connection, SandboxId id)
    {
        using var command = Sql.Command(
            connection,
            """
            SELECT image_tag, phase, started_at, completed_at, exit_code, failed_stage, error_code, error_message FROM commits
            WHERE sandbox_id = $id
                AND NOT EXISTS (SELECT 1 FROM sandboxes WHERE id = commits.sandbox_id AND created_at > commits.started_at + $apart)
            """,
            ("$id", id.ToString()),
            ("$apart", ICommitStore.ClocksApart.Ticks / TimeSpan.TicksPerMicrosecond));
        using var row = command.ExecuteReader();
        return row.Read()
            ? new SandboxCommit(
                id, row.GetString(0), Enum.Parse<CommitPhase>(row.GetString(1)), Sql.Moment(row.GetInt64(2)), Sql.MomentOrNull(row, 3),
                row.IsDBNull(4) ? null : row.GetInt32(4), Sql.TextOrNull(row, 5), Sql.TextOrNull(row, 6), Sql.TextOrNull(row, 7))
            : null;
    }
}
