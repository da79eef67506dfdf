using Microsoft.Data.Sqlite;
using Sandbox.Domain.Stores;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Stores;

namespace Sandbox.Storage.Sqlite;

/// <summary>Rollouts of one machine, in a SQLite file.</summary>
internal sealed class SqliteRolloutStore(SqliteDatabase database, IChangeFeed feed) : IRolloutStore
{
    public Task<IReadOnlyList<Approval>> ApprovalsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Approval>>(database.Read(connection => Sql.Rows(
            connection, "SELECT approval FROM rollout_approvals ORDER BY requested_at DESC, id", row =>
                RolloutJson.ReadApproval(row.GetString(0)))));

    public Task<Approval?> FindApprovalAsync(Guid id, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection => Sql.Rows(
            connection, "SELECT approval FROM rollout_approvals WHERE id = $id", row => RolloutJson.ReadApproval(row.GetString(0)),
            ("$id", Key(id))).SingleOrDefault()));

    public Task<bool> TryWriteAsync(Approval next, AuditEvent what, CancellationToken cancellationToken) =>
        WriteAsync(connection => TryWrite(connection, next) && Log(connection, what), cancellationToken);

    public async Task<BeginRefusal?> TryBeginAsync(
        Execution begun, Approval? consumed, AuditEvent what, CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(
                connection =>
                {
                    if (IsAnyActive(connection, begun.Targets))
                    {
                        throw new RefusedException(BeginRefusal.AlreadyRunning);
                    }

                    if (consumed is not null && !TryWrite(connection, consumed))
                    {
                        throw new RefusedException(BeginRefusal.ApprovalMoved);
                    }

                    Sql.Execute(
                        connection,
                        """
                        INSERT INTO rollout_executions (id, version, started_at, targets, is_active, execution)
                        VALUES ($id, $version, $started_at, $targets, $is_active, $execution)
                        """,
                        Row(begun));
                    Sql.Execute(
                        connection,
                        """
                        DELETE FROM rollout_records WHERE checkpoint = $checkpoint
                            AND ($partial = 0 OR instr(',' || $targets || ',', ',' || node || ',') > 0)
                        """,
                        ("$checkpoint", begun.Checkpoint), ("$partial", begun.IsPartial ? 1 : 0), ("$targets", begun.Targets));
                    return Log(connection, what);
                },
                cancellationToken);
            return null;
        }
        catch (RefusedException refused)
        {
            return refused.Reason;
        }
    }

    public Task<bool> TryUpdateAsync(Execution next, AuditEvent? what, CancellationToken cancellationToken) =>
        WriteAsync(connection => TryUpdate(connection, next) && (what is null || Log(connection, what)), cancellationToken);

    public Task<bool> TryEndAsync(
        Execution ended, IReadOnlyList<CheckpointRecord> records, AuditEvent what, CancellationToken cancellationToken) =>
        WriteAsync(
            connection =>
            {
                if (!TryUpdate(connection, ended))
                {
                    return false;
                }

                Write(connection, records);
                return Log(connection, what);
            },
            cancellationToken);

    public Task<Execution?> FindExecutionAsync(Guid id, CancellationToken cancellationToken) =>
        Task.FromResult(database.Read(connection => Sql.Rows(
            connection, "SELECT execution FROM rollout_executions WHERE id = $id", row => RolloutJson.ReadExecution(row.GetString(0)),
            ("$id", Key(id))).SingleOrDefault()));

    public Task<IReadOnlyList<Execution>> ActiveExecutionsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Execution>>(database.Read(connection => Sql.Rows(
            connection, "SELECT execution FROM rollout_executions WHERE is_active = 1", row =>
                RolloutJson.ReadExecution(row.GetString(0)))));

    public Task<ExecutionPage> ExecutionsAsync(ExecutionQuery query, CancellationToken cancellationToken) =>
        Task.FromResult(ExecutionPage.Of(
            database.Read(connection => Sql.Rows(
                connection,
                """
                SELECT execution FROM rollout_executions
                WHERE ($checkpoint IS NULL OR checkpoint = $checkpoint) AND ($state IS NULL OR state = $state)
                    AND ($since IS NULL OR started_at >= $since)
                    AND ($after_at IS NULL OR started_at < $after_at OR (started_at = $after_at AND id > $after_id))
                ORDER BY started_at DESC, id LIMIT $limit
                """,
                row => RolloutJson.ReadExecution(row.GetString(0)),
                ("$checkpoint", query.Checkpoint), ("$state", query.State?.ToString()), ("$since", Sql.Moment(query.Since)),
                ("$after_at", Sql.Moment(query.After?.StartedAt)), ("$after_id", query.After is { } after ? Key(after.Id) : null),
                ("$limit", query.Limit + 1))),
            query.Limit));

    public Task AppendOutputAsync(Guid execution, IReadOnlyList<OutputLine> lines, CancellationToken cancellationToken) =>
        WriteAsync(
            connection =>
            {
                foreach (var line in lines)
                {
                    Sql.Execute(
                        connection, "INSERT OR IGNORE INTO rollout_output (execution, number, text) VALUES ($execution, $number, $text)",
                        ("$execution", Key(execution)), ("$number", line.Number), ("$text", line.Text));
                }

                return true;
            },
            cancellationToken);

    public Task<IReadOnlyList<OutputLine>> OutputAsync(Guid execution, long after, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<OutputLine>>(database.Read(connection => Sql.Rows(
            connection,
            "SELECT number, text FROM rollout_output WHERE execution = $execution AND number > $after ORDER BY number LIMIT $limit",
            row => new OutputLine(row.GetInt64(0), row.GetString(1)),
            ("$execution", Key(execution)), ("$after", after), ("$limit", limit))));

    public Task WriteRecordsAsync(IReadOnlyList<CheckpointRecord> records, CancellationToken cancellationToken) =>
        WriteAsync(
            connection =>
            {
                Write(connection, records);
                return true;
            },
            cancellationToken);

    public Task<IReadOnlyList<CheckpointRecord>> RecordsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<CheckpointRecord>>(database.Read(connection => Sql.Rows(
            connection, "SELECT record FROM rollout_records ORDER BY checkpoint, node", row => RolloutJson.ReadRecord(row.GetString(0)))));

    public Task ResetAsync(AuditEvent what, CancellationToken cancellationToken) =>
        WriteAsync(
            connection =>
            {
                Sql.Execute(connection, "DELETE FROM rollout_records");
                Sql.Execute(connection, "DELETE FROM rollout_approvals WHERE json_extract(approval, '$.consumed_by') IS NULL");
                return Log(connection, what);
            },
            cancellationToken);

    public Task<IReadOnlyList<AuditEntry>> AuditAsync(long after, int limit, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<AuditEntry>>(database.Read(connection => Sql.Rows(
            connection, "SELECT * FROM rollout_audit WHERE number > $after ORDER BY number LIMIT $limit", Entry,
            ("$after", after), ("$limit", limit))));

    // Nobody waits for it.
    public Task TouchHostAsync(string host, DateTimeOffset at, CancellationToken cancellationToken) =>
        database.WriteAsync(
            connection => Sql.Execute(
                connection, "INSERT OR REPLACE INTO rollout_hosts (host, seen_at) VALUES ($host, $at)", ("$host", host),
                ("$at", Sql.Moment(at))),
            cancellationToken);

    public Task<IReadOnlyDictionary<string, DateTimeOffset>> HostsAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyDictionary<string, DateTimeOffset>>(
            database.Read(connection => Sql.Rows(
                connection, "SELECT host, seen_at FROM rollout_hosts", row =>
                    KeyValuePair.Create(row.GetString(0), Sql.Moment(row.GetInt64(1)))))
                .ToDictionary());

    public RolloutSubscription Subscribe()
    {
        var subscription = feed.SubscribeRollouts();
        return new RolloutSubscription(subscription.Changed, subscription);
    }

    public void Dispose() => database.Dispose();

    private static bool TryWrite(SqliteConnection connection, Approval next) =>
        Sql.Execute(
            connection,
            next.Version == 0
                ? "INSERT OR IGNORE INTO rollout_approvals (id, version, requested_at, approval) VALUES ($id, $version, $at, $approval)"
                : "UPDATE rollout_approvals SET version = $version, approval = $approval WHERE id = $id AND version = $version - 1",
            ("$id", Key(next.Id)), ("$version", next.Version), ("$at", Sql.Moment(next.RequestedAt)),
            ("$approval", RolloutJson.Write(next))) == 1;

    private static bool TryUpdate(SqliteConnection connection, Execution next) =>
        Sql.Execute(
            connection,
            """
            UPDATE rollout_executions SET version = $version, is_active = $is_active, execution = $execution
            WHERE id = $id AND version = $version - 1
            """,
            Row(next)) == 1;

    private static void Write(SqliteConnection connection, IReadOnlyList<CheckpointRecord> records)
    {
        foreach (var record in records)
        {
            Sql.Execute(
                connection, "INSERT OR REPLACE INTO rollout_records (checkpoint, node, record) VALUES ($checkpoint, $node, $record)",
                ("$checkpoint", record.Checkpoint), ("$node", record.Node), ("$record", RolloutJson.Write(record)));
        }
    }

    /// <summary>Whether a run that has not ended has one of these machines.</summary>
    private static bool IsAnyActive(SqliteConnection connection, string targets) =>
        Sql.Rows(connection, "SELECT targets FROM rollout_executions WHERE is_active = 1", row => row.GetString(0))
            .Any(taken => taken.Split(',').Intersect(targets.Split(',')).Any());

    /// <summary>Appends an entry to the audit log; always true.</summary>
    internal static bool Log(SqliteConnection connection, AuditEvent what)
    {
        var last = Sql.Rows(connection, "SELECT * FROM rollout_audit ORDER BY number DESC LIMIT 1", Entry).SingleOrDefault();
        var entry = AuditChain.Next(last, Sql.Moment(Sql.Moment(what.At)), what.Actor, what.Action, what.Subject, what.Detail);
        return Sql.Execute(
            connection,
            """
            INSERT INTO rollout_audit (number, at, actor, action, subject, detail, previous, hash)
            VALUES ($number, $at, $actor, $action, $subject, $detail, $previous, $hash)
            """,
            ("$number", entry.Number), ("$at", Sql.Moment(entry.At)), ("$actor", entry.Actor), ("$action", entry.Action),
            ("$subject", entry.Subject), ("$detail", entry.Detail), ("$previous", entry.Previous), ("$hash", entry.Hash)) == 1;
    }

    internal static AuditEntry Entry(SqliteDataReader row) => new(
        row.GetInt64(0), Sql.Moment(row.GetInt64(1)), row.GetString(2), row.GetString(3), row.GetString(4), row.GetString(5),
        row.GetString(6), row.GetString(7));

    private static (string, object?)[] Row(Execution execution) =>
    [
        ("$id", Key(execution.Id)), ("$version", execution.Version), ("$started_at", Sql.Moment(execution.StartedAt)),
        ("$targets", execution.Targets), ("$is_active", execution.IsActive ? 1 : 0), ("$execution", RolloutJson.Write(execution)),
    ];

    private async Task<T> WriteAsync<T>(Func<SqliteConnection, T> work, CancellationToken cancellationToken)
    {
        var result = await database.WriteAsync(work, cancellationToken);
        feed.PublishRollouts();
        return result;
    }

    private static string Key(Guid id) => id.ToString("D");

    /// <summary>Rolls the transaction back.</summary>
    private sealed class RefusedException(BeginRefusal reason) : Exception
    {
        public BeginRefusal Reason => reason;
    }
}
