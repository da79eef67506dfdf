using Npgsql;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>Commits beside the jobs that make them.</summary>
internal sealed class PostgresCommitStore(PostgresDatabase database) : ICommitStore
{
    private const string IsIt = "sandbox_id = @sandbox AND started_at = @started_at AND phase = 'Running'";

    private static readonly ItemTable<(SandboxId Id, JobRow Job)> Asked = new ItemTable<(SandboxId Id, JobRow Job)>()
        .Words("id", asked => asked.Id.ToString())
        .Of(JobRow.Columns, asked => asked.Job);

    private static readonly string Begin = $"""
        WITH {Asked.Text},
        begun AS (
            INSERT INTO commits AS kept (sandbox_id, image_tag, phase, started_at) VALUES (@sandbox, @tag, 'Running', @started_at)
            ON CONFLICT (sandbox_id) DO UPDATE SET
                image_tag = excluded.image_tag, phase = excluded.phase, started_at = excluded.started_at, completed_at = NULL, exit_code = NULL,
                failed_stage = NULL, error_code = NULL, error_message = NULL
                WHERE kept.phase <> 'Running' OR kept.started_at < (SELECT created_at FROM sandboxes WHERE id = @sandbox) - @apart
            RETURNING 1),
        asked AS ({JobRows.InsertFrom("(SELECT * FROM sandboxes WHERE id = @sandbox AND EXISTS (SELECT 1 FROM begun))")})
        SELECT count(*) FROM begun
        """;

    private static readonly string QueueAgain =
        $"WITH {Asked.Text} "
            + $"{JobRows.InsertFrom($"(SELECT * FROM sandboxes WHERE id = @sandbox AND EXISTS (SELECT 1 FROM commits WHERE {IsIt}))")}";

    public Task<SandboxCommit> BeginAsync(SandboxCommit begun, CommitSandboxJob job, CancellationToken cancellationToken) =>
        database.TransactAsync(
        async connection =>
        {
            if (await RecordAsync(connection, begun.SandboxId, cancellationToken) is not { } record)
            {
                throw new InvalidOperationException($"A commit of sandbox {begun.SandboxId}, which has no record.");
            }

            var statement = With(WithJob(Begin, job, record), begun.SandboxId, begun.StartedAt)
                .With("tag", begun.ImageTag).With("apart", ICommitStore.ClocksApart);
            return await Sql.ScalarAsync<long>(connection, statement, cancellationToken) == 1
                ? begun
                : await FindAsync(connection, begun.SandboxId, cancellationToken)
                    ?? throw new InvalidDataException("A commit is running, and is not there.");
        },
        cancellationToken);

    public Task<SandboxCommit?> FindAsync(SandboxId id, CancellationToken cancellationToken) =>
        database.RepeatableAsync(connection => FindAsync(connection, id, cancellationToken), cancellationToken);

    public async Task<bool> TryEndAsync(SandboxCommit ended, CancellationToken cancellationToken) => await database.WriteAsync(
        connection => Sql.ExecuteAsync(
            connection,
            With(
                Sql.Statement($"""
                    UPDATE commits SET phase = @phase, completed_at = @completed_at, exit_code = @exit_code, failed_stage = @stage,
                        error_code = @code, error_message = @message
                    WHERE {IsIt}
                    """),
                ended.SandboxId,
                ended.StartedAt)
                .With("phase", ended.Phase.ToString())
                .With("completed_at", ended.CompletedAt)
                .With("exit_code", (long?)ended.ExitCode)
                .With("stage", ended.FailedStage)
                .With("code", ended.ErrorCode)
                .With("message", ended.ErrorMessage),
            cancellationToken),
        cancellationToken) == 1;

    public Task<bool> TryQueueAgainAsync(CommitSandboxJob job, CancellationToken cancellationToken) => database.TransactAsync(
        async connection =>
            await RecordAsync(connection, job.SandboxId, cancellationToken) is { } record
            && await Sql.ExecuteAsync(
                connection, With(WithJob(QueueAgain, job, record), job.SandboxId, job.StartedAt), cancellationToken) == 1,
        cancellationToken);

    private static NpgsqlBatchCommand With(NpgsqlBatchCommand statement, SandboxId id, DateTimeOffset startedAt) =>
        statement.With("sandbox", id.ToString()).With("started_at", (DateTimeOffset?)startedAt);

    private static NpgsqlBatchCommand WithJob(string text, CommitSandboxJob job, SandboxInstance record) =>
        Asked.Bind(Sql.Statement(text), [(job.SandboxId, new JobRow(job, record, job.SandboxVersion))]);

    private static async Task<SandboxInstance?> RecordAsync(
        NpgsqlConnection connection, SandboxId id, CancellationToken cancellationToken) =>
        (await Sql.RowsAsync(
            connection,
            Sql.Statement($"SELECT {SandboxRows.Columns} FROM sandboxes WHERE id = @id").With("id", id.ToString()),
            SandboxRows.Read,
            cancellationToken)).SingleOrDefault();

    private static async Task<SandboxCommit?> FindAsync(NpgsqlConnection connection, SandboxId id, CancellationToken cancellationToken) =>
        (await Sql.RowsAsync(
            connection,
            Sql.Statement("""
                SELECT image_tag, phase, started_at, completed_at, exit_code, failed_stage, error_code, error_message FROM commits
                WHERE sandbox_id = @id
                    AND NOT EXISTS (SELECT 1 FROM sandboxes WHERE id = commits.sandbox_id AND created_at > commits.started_at + @apart)
                """).With("id", id.ToString()).With("apart", ICommitStore.ClocksApart),
            row => new SandboxCommit(
                id, row.GetString(0), Enum.Parse<CommitPhase>(row.GetString(1)), Sql.Moment(row, 2), Sql.MomentOrNull(row, 3),
                (int?)Sql.NumberOrNull(row, 4), Sql.TextOrNull(row, 5), Sql.TextOrNull(row, 6), Sql.TextOrNull(row, 7)),
            cancellationToken)).SingleOrDefault();
}
