using Npgsql;
using NpgsqlTypes;
using Sandbox.Domain.Stores;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>Rollouts of a cluster, in the Postgres that all of its processes share.</summary>
internal sealed class PostgresRolloutStore(PostgresDatabase database, IChangeFeed feed) : IRolloutStore
{
    // Ours alone in the database; any number would do. Each entry of the audit log is chained to the one before, so whoever writes one
    // waits for the other; that also lets two runs begin one after the other.
    private const long ChainLock = 0x52_4F_4C_4C_4F_55_54;

    private static readonly ItemTable<OutputLine> Lines = new ItemTable<OutputLine>()
        .Number("id", line => line.Number)
        .Words("text", line => line.Text);

    private static readonly string AppendLines = $"""
        WITH {Lines.Text}
        INSERT INTO rollout_output (execution, number, text) SELECT @execution, id, text FROM item ON CONFLICT DO NOTHING
        """;

    private static readonly ItemTable<CheckpointRecord> Records = new ItemTable<CheckpointRecord>()
        .Words("id", record => record.Checkpoint)
        .Words("node", record => record.Node)
        .Json("record", RolloutJson.Write);

    private static readonly string PutRecords = $"""
        WITH {Records.Text}
        INSERT INTO rollout_records (checkpoint, node, record) SELECT id, node, record FROM item
        ON CONFLICT (checkpoint, node) DO UPDATE SET record = excluded.record
        """;

    public async Task<IReadOnlyList<Approval>> ApprovalsAsync(CancellationToken cancellationToken) => await RowsAsync(
        () => Sql.Statement("SELECT approval FROM rollout_approvals ORDER BY requested_at DESC, id"),
        row => RolloutJson.ReadApproval(row.GetString(0)), cancellationToken);

    public async Task<Approval?> FindApprovalAsync(Guid id, CancellationToken cancellationToken) => (await RowsAsync(
        () => WithId(Sql.Statement("SELECT approval FROM rollout_approvals WHERE id = @id"), id),
        row => RolloutJson.ReadApproval(row.GetString(0)), cancellationToken)).SingleOrDefault();

    public Task<bool> TryWriteAsync(Approval next, AuditEvent what, CancellationToken cancellationToken) => LoggedAsync(
        async connection => await TryWriteAsync(connection, next, cancellationToken)
            && await LogAsync(connection, what, cancellationToken),
        cancellationToken);

    public async Task<BeginRefusal?> TryBeginAsync(
        Execution begun, Approval? consumed, AuditEvent what, CancellationToken cancellationToken)
    {
        try
        {
            await LoggedAsync(
                async connection =>
                {
                    if (await IsAnyActiveAsync(connection, begun.Targets, cancellationToken))
                    {
                        throw new RefusedException(BeginRefusal.AlreadyRunning);
                    }

                    if (consumed is not null && !await TryWriteAsync(connection, consumed, cancellationToken))
                    {
                        throw new RefusedException(BeginRefusal.ApprovalMoved);
                    }

                    await Sql.ExecuteAsync(
                        connection,
                        With(
                            Sql.Statement("""
                                INSERT INTO rollout_executions (id, version, started_at, targets, is_active, execution)
                                VALUES (@id, @version, @started_at, @targets, @is_active, @execution)
                                """),
                            begun).With("started_at", (DateTimeOffset?)begun.StartedAt).With("targets", begun.Targets),
                        cancellationToken);
                    await Sql.ExecuteAsync(
                        connection,
                        Sql.Statement("""
                            DELETE FROM rollout_records
                            WHERE checkpoint = @checkpoint AND (NOT @partial OR node = ANY (string_to_array(@targets, ',')))
                            """)
                            .With("checkpoint", begun.Checkpoint).With("partial", begun.IsPartial).With("targets", begun.Targets),
                        cancellationToken);
                    return await LogAsync(connection, what, cancellationToken);
                },
                cancellationToken);
            return null;
        }
        catch (RefusedException refused)
        {
            return refused.Reason;
        }
    }

    public Task<bool> TryUpdateAsync(Execution next, AuditEvent? what, CancellationToken cancellationToken) => LoggedAsync(
        async connection => await TryUpdateAsync(connection, next, cancellationToken)
            && (what is null || await LogAsync(connection, what, cancellationToken)),
        cancellationToken);

    public Task<bool> TryEndAsync(
        Execution ended, IReadOnlyList<CheckpointRecord> records, AuditEvent what, CancellationToken cancellationToken) => LoggedAsync(
        async connection =>
        {
            if (!await TryUpdateAsync(connection, ended, cancellationToken))
            {
                return false;
            }

            await Sql.ExecuteAsync(connection, Records.Bind(Sql.Statement(PutRecords), records), cancellationToken);
            return await LogAsync(connection, what, cancellationToken);
        },
        cancellationToken);

    public async Task<Execution?> FindExecutionAsync(Guid id, CancellationToken cancellationToken) => (await RowsAsync(
        () => WithId(Sql.Statement("SELECT execution FROM rollout_executions WHERE id = @id"), id),
        row => RolloutJson.ReadExecution(row.GetString(0)), cancellationToken)).SingleOrDefault();

    public async Task<IReadOnlyList<Execution>> ActiveExecutionsAsync(CancellationToken cancellationToken) => await RowsAsync(
        () => Sql.Statement("SELECT execution FROM rollout_executions WHERE is_active"),
        row => RolloutJson.ReadExecution(row.GetString(0)), cancellationToken);

    public async Task<ExecutionPage> ExecutionsAsync(ExecutionQuery query, CancellationToken cancellationToken) => ExecutionPage.Of(
        await RowsAsync(
            () => Sql.Statement("""
                SELECT execution FROM rollout_executions
                WHERE (@checkpoint IS NULL OR checkpoint = @checkpoint) AND (@state IS NULL OR state = @state)
                    AND (@since IS NULL OR started_at >= @since)
                    AND (@after_at IS NULL OR started_at < @after_at OR (started_at = @after_at AND id > @after_id))
                ORDER BY started_at DESC, id LIMIT @limit
                """)
                .With("checkpoint", query.Checkpoint).With("state", query.State?.ToString()).With("since", query.Since)
                .With("after_at", query.After?.StartedAt).With("after_id", NpgsqlDbType.Uuid, query.After?.Id)
                .With("limit", query.Limit + 1),
            row => RolloutJson.ReadExecution(row.GetString(0)),
            cancellationToken),
        query.Limit);

    public async Task AppendOutputAsync(Guid execution, IReadOnlyList<OutputLine> lines, CancellationToken cancellationToken)
    {
        // Said twice it does no harm.
        await database.RepeatableAsync(
            connection => Sql.ExecuteAsync(
                connection, Lines.Bind(Sql.Statement(AppendLines).With("execution", NpgsqlDbType.Uuid, execution), lines),
                cancellationToken),
            cancellationToken);
        feed.PublishRollouts();
    }

    public async Task<IReadOnlyList<OutputLine>> OutputAsync(Guid execution, long after, int limit, CancellationToken cancellationToken) =>
        await RowsAsync(
            () => Sql.Statement("""
                SELECT number, text FROM rollout_output WHERE execution = @execution AND number > @after ORDER BY number LIMIT @limit
                """)
                .With("execution", NpgsqlDbType.Uuid, execution).With("after", after).With("limit", limit),
            row => new OutputLine(row.GetInt64(0), row.GetString(1)),
            cancellationToken);

    public async Task WriteRecordsAsync(IReadOnlyList<CheckpointRecord> records, CancellationToken cancellationToken)
    {
        await database.RepeatableAsync(
            connection => Sql.ExecuteAsync(connection, Records.Bind(Sql.Statement(PutRecords), records), cancellationToken),
            cancellationToken);
        feed.PublishRollouts();
    }

    public async Task<IReadOnlyList<CheckpointRecord>> RecordsAsync(CancellationToken cancellationToken) => await RowsAsync(
        () => Sql.Statement("SELECT record FROM rollout_records ORDER BY checkpoint, node"),
        row => RolloutJson.ReadRecord(row.GetString(0)), cancellationToken);

    public Task ResetAsync(AuditEvent what, CancellationToken cancellationToken) => LoggedAsync(
        async connection =>
        {
            await Sql.ExecuteAsync(connection, Sql.Statement("DELETE FROM rollout_records"), cancellationToken);
            await Sql.ExecuteAsync(
                connection, Sql.Statement("DELETE FROM rollout_approvals WHERE approval->>'consumed_by' IS NULL"), cancellationToken);
            return await LogAsync(connection, what, cancellationToken);
        },
        cancellationToken);

    public async Task<IReadOnlyList<AuditEntry>> AuditAsync(long after, int limit, CancellationToken cancellationToken) =>
        await RowsAsync(
            () => Sql.Statement("SELECT * FROM rollout_audit WHERE number > @after ORDER BY number LIMIT @limit")
                .With("after", after).With("limit", limit),
            Entry, cancellationToken);

    // Nobody waits for it.
    public Task TouchHostAsync(string host, DateTimeOffset at, CancellationToken cancellationToken) => database.RepeatableAsync(
        connection => Sql.ExecuteAsync(
            connection,
            Sql.Statement("""
                INSERT INTO rollout_hosts (host, seen_at) VALUES (@host, @at) ON CONFLICT (host) DO UPDATE SET seen_at = excluded.seen_at
                """)
                .With("host", host).With("at", (DateTimeOffset?)at),
            cancellationToken),
        cancellationToken);

    public async Task<IReadOnlyDictionary<string, DateTimeOffset>> HostsAsync(CancellationToken cancellationToken) => (await RowsAsync(
        () => Sql.Statement("SELECT host, seen_at FROM rollout_hosts"),
        row => KeyValuePair.Create(row.GetString(0), Sql.Moment(row, 1)), cancellationToken)).ToDictionary();

    public RolloutSubscription Subscribe()
    {
        var subscription = feed.SubscribeRollouts();
        return new RolloutSubscription(subscription.Changed, subscription);
    }

    public void Dispose()
    {
        // The database is the process's.
    }

    private static async Task<bool> TryWriteAsync(NpgsqlConnection connection, Approval next, CancellationToken cancellationToken)
    {
        var statement = next.Version == 0
            ? Sql.Statement("""
                INSERT INTO rollout_approvals (id, version, requested_at, approval) VALUES (@id, @version, @at, @approval)
                ON CONFLICT DO NOTHING
                """).With("at", (DateTimeOffset?)next.RequestedAt)
            : Sql.Statement(
                "UPDATE rollout_approvals SET version = @version, approval = @approval WHERE id = @id AND version = @version - 1");
        return await Sql.ExecuteAsync(
            connection,
            WithId(statement, next.Id).With("version", next.Version).With("approval", NpgsqlDbType.Json, RolloutJson.Write(next)),
            cancellationToken) == 1;
    }

    private static async Task<bool> TryUpdateAsync(NpgsqlConnection connection, Execution next, CancellationToken cancellationToken) =>
        await Sql.ExecuteAsync(
            connection,
            With(
                Sql.Statement("""
                    UPDATE rollout_executions SET version = @version, is_active = @is_active, execution = @execution
                    WHERE id = @id AND version = @version - 1
                    """),
                next),
            cancellationToken) == 1;

    /// <summary>Whether a run that has not ended has one of these machines.</summary>
    private static async Task<bool> IsAnyActiveAsync(NpgsqlConnection connection, string targets, CancellationToken cancellationToken) =>
        await Sql.ScalarAsync<bool>(
            connection,
            Sql.Statement("""
                SELECT EXISTS (
                    SELECT 1 FROM rollout_executions
                    WHERE is_active AND string_to_array(targets, ',') && string_to_array(@targets, ','))
                """).With("targets", targets),
            cancellationToken);

    /// <summary>Orders the transactions that write entries of the audit log: taken before anything else, and held to the end.</summary>
    internal static Task LockChainAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        Sql.ExecuteAsync(connection, Sql.Statement("SELECT pg_advisory_xact_lock(@key)").With("key", ChainLock), cancellationToken);

    /// <summary>Appends an entry to the audit log, under the chain's lock; always true.</summary>
    internal static async Task<bool> LogAsync(NpgsqlConnection connection, AuditEvent what, CancellationToken cancellationToken)
    {
        var last = (await Sql.RowsAsync(
            connection, Sql.Statement("SELECT * FROM rollout_audit ORDER BY number DESC LIMIT 1"), Entry, cancellationToken))
            .SingleOrDefault();
        var entry = AuditChain.Next(last, Kept(what.At), what.Actor, what.Action, what.Subject, what.Detail);
        return await Sql.ExecuteAsync(
            connection,
            Sql.Statement("""
                INSERT INTO rollout_audit (number, at, actor, action, subject, detail, previous, hash)
                VALUES (@number, @at, @actor, @action, @subject, @detail, @previous, @hash)
                """)
                .With("number", entry.Number).With("at", (DateTimeOffset?)entry.At).With("actor", entry.Actor)
                .With("action", entry.Action).With("subject", entry.Subject).With("detail", entry.Detail)
                .With("previous", entry.Previous).With("hash", entry.Hash),
            cancellationToken) == 1;
    }

    /// <summary>The moment as a column keeps it, in microseconds: the hash is over what is read again.</summary>
    private static DateTimeOffset Kept(DateTimeOffset moment) =>
        new(moment.UtcTicks - (moment.UtcTicks % TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    internal static AuditEntry Entry(NpgsqlDataReader row) => new(
        row.GetInt64(0), Sql.Moment(row, 1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5), row.GetString(6),
        row.GetString(7));

    private static NpgsqlBatchCommand WithId(NpgsqlBatchCommand statement, Guid id) => statement.With("id", NpgsqlDbType.Uuid, id);

    private static NpgsqlBatchCommand With(NpgsqlBatchCommand statement, Execution execution) => WithId(statement, execution.Id)
        .With("version", execution.Version).With("is_active", execution.IsActive)
        .With("execution", NpgsqlDbType.Json, RolloutJson.Write(execution));

    private Task<List<T>> RowsAsync<T>(
        Func<NpgsqlBatchCommand> statement, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) =>
        database.RepeatableAsync(connection => Sql.RowsAsync(connection, statement(), read, cancellationToken), cancellationToken);

    /// <summary>A transaction that may write an entry of the audit log; what it throws rolls back.</summary>
    private async Task<bool> LoggedAsync(Func<NpgsqlConnection, Task<bool>> work, CancellationToken cancellationToken)
    {
        var result = await database.TransactAsync(
            async connection =>
            {
                await LockChainAsync(connection, cancellationToken);
                return await work(connection);
            },
            cancellationToken);
        feed.PublishRollouts();
        return result;
    }

    /// <summary>Rolls the transaction back.</summary>
    private sealed class RefusedException(BeginRefusal reason) : Exception
    {
        public BeginRefusal Reason => reason;
    }
}
