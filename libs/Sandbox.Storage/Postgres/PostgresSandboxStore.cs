using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>Records in Postgres. What this process asks at the same time is asked together
/// (<see cref="SharedStatements{TItem,TAnswer}"/>).</summary>
internal sealed class PostgresSandboxStore : IRecordStore
{
    /// <summary>Kinds of totals that are looked after in one transaction, which holds up their writers.</summary>
    private const int TotalsAtOnce = 100;

    private readonly PostgresDatabase _database;

    // Tenants that had a quota when they were last asked for: their creates are not tried without. One that has lost it meanwhile is
    // taken out by its next create.
    private readonly ConcurrentDictionary<string, bool> _bounded = new(StringComparer.Ordinal);
    private readonly SharedStatements<SandboxCreate, (long? Version, bool IsBounded)> _creates;
    private readonly SharedStatements<SandboxChange, SandboxInstance?> _transitions;
    private readonly SharedStatements<SandboxInstance, bool> _updates;
    private readonly SharedStatements<Find, SandboxInstance?> _finds;

    public PostgresSandboxStore(PostgresDatabase database)
    {
        _database = database;
        _creates = new(CreateAsync, create => create.First.Id, database.Time);
        _transitions = new(TransitionAsync, change => change.Transition.Next.Id, database.Time);
        _updates = new(UpdateFactsAsync, record => record.Id, database.Time);
        _finds = new(FindAsync, find => find, database.Time, isRead: true);
    }

    public async Task<Result<SandboxInstance>> TryCreateAsync(
        SandboxInstance first, SandboxJob job, CancellationToken cancellationToken)
    {
        var create = new SandboxCreate(first, job);
        if (_bounded.ContainsKey(first.Tenant))
        {
            return await CreateInQuotaAsync(create, cancellationToken);
        }

        var (version, isBounded) = await _creates.RunAsync(create, cancellationToken);
        return isBounded ? await CreateInQuotaAsync(create, cancellationToken)
            : version is { } written ? first with { Version = written }
            : new SandboxError.IdInUse(first.Id);
    }

    public Task<SandboxInstance?> FindAsync(SandboxId id, CancellationToken cancellationToken) =>
        _finds.RunAsync(new Find(id), cancellationToken);

    public async Task<bool> TryTransitionAsync(SandboxTransition transition, CancellationToken cancellationToken) =>
        await TransitionAsync(transition, cancellationToken) is not null;

    public async Task<SandboxInstance?> TransitionAsync(SandboxTransition transition, CancellationToken cancellationToken)
    {
        Debug.Assert(transition.Next.Version > transition.From.Version, "a transition raises the version");
        var change = new SandboxChange(transition);
        return change.ComesToLive
            ? (await WriteAsync(
                [change], SandboxWrites.TransitionInQuota(change), SandboxInstance? (row, one) =>
                    SandboxRows.WithMergedFacts(one.Transition, row, 3), cancellationToken))[0]
            : await _transitions.RunAsync(change, cancellationToken);
    }

    public Task<bool> TryUpdateFactsAsync(SandboxInstance next, CancellationToken cancellationToken) =>
        _updates.RunAsync(next, cancellationToken);

    public async Task<bool> TryReplaceEgressAsync(SandboxInstance next, CancellationToken cancellationToken) =>
        await _database.RepeatableAsync(
            connection => Sql.ExecuteAsync(connection, SandboxWrites.ReplaceSpec(next), cancellationToken), cancellationToken) == 1;

    public Task<SandboxPage> ListAsync(SandboxQuery query, CancellationToken cancellationToken) =>
        _database.RepeatableAsync(connection => SandboxLists.ReadAsync(connection, query, cancellationToken), cancellationToken);

    public async Task<IReadOnlyList<SandboxInstance>> DueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        await _database.RepeatableAsync(
            connection => Sql.RowsAsync(
                connection,
                Sql.Statement($"SELECT {SandboxRows.Columns} FROM sandboxes WHERE due_at <= @now ORDER BY due_at LIMIT @limit")
                    .With("now", now).With("limit", limit),
                SandboxRows.Read,
                cancellationToken),
            cancellationToken);

    public async Task<int> PurgeAsync(int limit, CancellationToken cancellationToken)
    {
        var forgotten = await PurgedAsync<long>(
            Sql.Statement(
                """
                WITH gone AS (
                    DELETE FROM sandboxes WHERE id IN (
                        SELECT id FROM sandboxes WHERE state = 'deleted' AND deleted_at <= (SELECT store_now()) - @kept
                        ORDER BY deleted_at LIMIT @limit FOR UPDATE SKIP LOCKED)
                    RETURNING id),
                of_them AS (DELETE FROM commits USING gone WHERE commits.sandbox_id = gone.id)
                SELECT count(*) FROM gone
                """).With("kept", ISandboxStore.TombstoneKept).With("limit", limit),
            cancellationToken);
        while (await PurgedAsync<int>(
            Sql.Statement("SELECT purge_totals(@most)").With("most", TotalsAtOnce), cancellationToken) == TotalsAtOnce)
        {
        }

        return (int)forgotten;
    }

    private async Task<Result<SandboxInstance>> CreateInQuotaAsync(SandboxCreate create, CancellationToken cancellationToken)
    {
        var first = create.First;
        var (version, refusal, isBounded) = (await _database.WriteAsync(
            connection => Sql.RowsAsync(
                connection,
                SandboxWrites.CreateInQuota(create),
                row => (Version: Sql.NumberOrNull(row, 0), Refusal: SandboxWrites.RefusalIn(row, 1), IsBounded: row.GetBoolean(4)),
                cancellationToken),
            cancellationToken)).Single();
        if (isBounded)
        {
            _bounded.TryAdd(first.Tenant, true);
        }
        else
        {
            _bounded.TryRemove(first.Tenant, out _);
        }

        return version is { } written ? first with { Version = written }
            : refusal is not null && await FindAsync(first.Id, cancellationToken) is null or { State: SandboxState.Deleted } ? refusal
            : new SandboxError.IdInUse(first.Id);
    }

    private Task<T?> PurgedAsync<T>(NpgsqlBatchCommand statement, CancellationToken cancellationToken) =>
        _database.RepeatableAsync(connection => Sql.ScalarAsync<T>(connection, statement, cancellationToken), cancellationToken);

    private async Task<IReadOnlyList<(long? Version, bool IsBounded)>> CreateAsync(IReadOnlyList<SandboxCreate> creates) =>
        await WriteAsync(
        creates, SandboxWrites.CreateMany(creates), (row, _) => (Sql.NumberOrNull(row, 1), row.GetBoolean(2)), CancellationToken.None);

    private async Task<IReadOnlyList<SandboxInstance?>> TransitionAsync(IReadOnlyList<SandboxChange> changes) => await WriteAsync(
        changes, SandboxWrites.TransitionMany(changes), SandboxInstance? (row, change) =>
            SandboxRows.WithMergedFacts(change.Transition, row, 3), CancellationToken.None);

    private Task<IReadOnlyList<SandboxInstance?>> FindAsync(IReadOnlyList<Find> finds) =>
        _database.RepeatableAsync<IReadOnlyList<SandboxInstance?>>(
        async connection =>
        {
            var found = (await Sql.RowsAsync(
                connection,
                Sql.Statement($"SELECT {SandboxRows.Columns} FROM sandboxes WHERE id = ANY(@ids)")
                    .With("ids", NpgsqlDbType.Array | NpgsqlDbType.Text, finds.Select(find => find.Id.ToString()).Distinct().ToArray()),
                SandboxRows.Read,
                CancellationToken.None)).ToDictionary(record => record.Id);
            return [.. finds.Select(find => found.GetValueOrDefault(find.Id))];
        },
        CancellationToken.None);

    // Written twice it changes nothing the second time, and answers the same.
    private Task<IReadOnlyList<bool>> UpdateFactsAsync(IReadOnlyList<SandboxInstance> records) =>
        _database.RepeatableAsync<IReadOnlyList<bool>>(
        async connection =>
            await AnswersAsync(connection, records, SandboxWrites.UpdateFactsMany(records), (_, _) => true, CancellationToken.None),
        CancellationToken.None);

    private Task<TAnswer[]> WriteAsync<TItem, TAnswer>(
        IReadOnlyList<TItem> items, NpgsqlBatchCommand statement, Func<NpgsqlDataReader, TItem, TAnswer> read,
        CancellationToken cancellationToken) =>
        _database.WriteAsync(connection => AnswersAsync(connection, items, statement, read, cancellationToken), cancellationToken);

    /// <summary>For each item what its row says, which begins with its number; default for one without a row.</summary>
    private static async Task<TAnswer[]> AnswersAsync<TItem, TAnswer>(
        NpgsqlConnection connection, IReadOnlyList<TItem> items, NpgsqlBatchCommand statement, Func<NpgsqlDataReader, TItem, TAnswer> read,
        CancellationToken cancellationToken)
    {
        var answers = new TAnswer[items.Count];
        await using var batch = Sql.Batch(connection, statement);
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var place = (int)row.GetInt64(0) - 1;
            answers[place] = read(row, items[place]);
        }

        return answers;
    }

    /// <summary>One of several looks, each by itself, though two may be for the same record.</summary>
    private sealed class Find(SandboxId id)
    {
        public SandboxId Id => id;
    }
}
