using Npgsql;
using NpgsqlTypes;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Jobs;

namespace Sandbox.Storage.Postgres;

/// <summary>
/// One claim, a transaction of two round trips: lock a few of the oldest jobs of each tenant that this node could take
/// (others skip them and look further), choose among them, take the chosen ones. What is not chosen is free again with the
/// commit.
/// </summary>
internal sealed class JobClaims(NpgsqlConnection connection, JobClaim claim, FairShareScheduler scheduler)
{
    private const string Columns =
        "jobs.id, jobs.tenant, jobs.is_start, jobs.cpus, jobs.memory_bytes, jobs.disk_bytes, jobs.gpus, jobs.image, " +
        "store_now() - jobs.created_at, jobs.version, jobs.job";

    // An unclaimed job whose time has come.
    private const string Claimable = "jobs.node IS NULL AND jobs.claimable_at <= (SELECT store_now())";

    private const string OldestOfItsSandbox =
        "NOT EXISTS (SELECT 1 FROM jobs older WHERE older.sandbox_id = jobs.sandbox_id AND older.id < jobs.id)";

    private const string Fits =
        "jobs.cpus <= @cpus AND jobs.memory_bytes <= @memory_bytes AND jobs.disk_bytes <= @disk_bytes AND jobs.gpus <= @gpus AND "
            + "jobs.labels <@ @labels";

    // The node that still holds one of these lost its lease.
    public const string Expire = """
        UPDATE jobs SET node = NULL WHERE id IN (
            SELECT id FROM jobs WHERE node IS NOT NULL AND claimable_at <= (SELECT store_now())
            ORDER BY claimable_at LIMIT 200 FOR UPDATE SKIP LOCKED)
        """;

    private const string Fence =
        "SELECT 1 FROM leases WHERE name = @lease AND epoch = @epoch AND NOT released AND expires_at > store_now()";

    private const string OfTheOnlyNode = $"{OwnBegin} (SELECT id, tenant, slot_class {OwnJobs}) {OwnEnd}";

    // Two steps into the index, not one condition that would have to look at the jobs of every node.
    private const string OfThisNode = $"""
        {OwnBegin} (
            (SELECT id, tenant, slot_class {OwnJobs} AND pinned = @node ORDER BY id LIMIT 1000)
            UNION ALL
            (SELECT id, tenant, slot_class {OwnJobs} AND pinned IS NULL AND labels <@ @labels ORDER BY id LIMIT 1000)) {OwnEnd}
        """;

    private const string OwnBegin = $"""
        SELECT {Columns} FROM jobs
        JOIN (
            SELECT id, row_number() OVER (PARTITION BY slot_class, tenant ORDER BY id) AS place FROM (SELECT * FROM
        """;

    private const string OwnJobs = $"FROM jobs WHERE NOT is_start AND {HasSlot} AND {Claimable} AND {OldestOfItsSandbox}";

    // What has no slot now must not stand before what has one, however much of it waits.
    private const string HasSlot = "slot_class = ANY(@open) AND NOT slot_class || ' ' || tenant = ANY(@exhausted)";

    private const string OwnEnd = $"""
            own ORDER BY id LIMIT 1000) mine) next USING (id)
        WHERE NOT is_start AND {Claimable}
        ORDER BY next.place, jobs.slot_class, jobs.id LIMIT @limit FOR UPDATE OF jobs SKIP LOCKED
        """;

    // A loose scan: one step in the index for each tenant that waits, however much each of them waits for.
    private const string Tenants = """
        WITH RECURSIVE waiting (tenant) AS (
            (SELECT tenant FROM jobs WHERE node IS NULL AND is_start ORDER BY tenant LIMIT 1)
            UNION ALL
            SELECT (SELECT jobs.tenant FROM jobs WHERE node IS NULL AND is_start AND jobs.tenant > waiting.tenant ORDER BY jobs.tenant LIMIT 1)
            FROM waiting WHERE waiting.tenant IS NOT NULL)
        """;

    private const string WithSlots = "(SELECT tenant FROM waiting WHERE tenant IS NOT NULL AND NOT tenant = ANY(@exhausted))";

    private const string Starts = $"""
        {Tenants}
        SELECT mine.* FROM {WithSlots} each CROSS JOIN LATERAL (
            SELECT {Columns} FROM jobs
            WHERE is_start AND jobs.tenant = each.tenant AND {Claimable} AND {Fits} AND {OldestOfItsSandbox}
            ORDER BY jobs.id LIMIT (SELECT @limit / count(*) + 2 FROM waiting) FOR UPDATE OF jobs SKIP LOCKED) mine
        """;

    // Would fit the node, but not what is free of it now, and waited for too long.
    private const string Blocked = $"""
        {Tenants}
        SELECT mine.id, mine.cpus, mine.memory_bytes, mine.disk_bytes, mine.gpus
        FROM {WithSlots} each CROSS JOIN LATERAL (
            SELECT * FROM (
                SELECT * FROM jobs WHERE node IS NULL AND is_start AND tenant = each.tenant ORDER BY id LIMIT 32) jobs
            WHERE {Claimable} AND created_at <= (SELECT store_now()) - @age_limit AND {Fits} AND NOT (
                cpus <= @free_cpus AND memory_bytes <= @free_memory_bytes AND disk_bytes <= @free_disk_bytes AND gpus <= @free_gpus)
            ORDER BY id LIMIT 1) mine
        ORDER BY mine.id LIMIT 1
        """;

    private const string Take = """
        UPDATE jobs SET attempt = attempt + 1, node = @node, claimable_at = store_now() + @lease_length
        WHERE id = ANY(@ids)
        """;

    // Held until the commit: the next holder of the lease waits for this claim, or this claim for it. Only now, because a lock
    // is a write, and a look that finds nothing writes nothing.
    private const string Held = $"WITH fence AS MATERIALIZED ({Fence} FOR KEY SHARE) {Take} AND EXISTS (SELECT 1 FROM fence)";

    private const string Taken = "RETURNING id, attempt";

    private const NpgsqlDbType Words = NpgsqlDbType.Array | NpgsqlDbType.Text;

    private readonly List<WaitingJob> _waiting = [];
    private readonly Dictionary<long, (SandboxJob Job, string Tenant)> _jobs = [];
    private readonly bool _takesStarts = claim.TakesStarts && claim.Slots.FreeOf(JobClass.Start) > 0;
    private readonly List<(long Id, string Text)> _unreadable = [];
    private BlockedStart? _blocked;

    public async Task<IReadOnlyList<ClaimedJob>> RunAsync(CancellationToken cancellationToken)
    {
        if (!await LookAsync(cancellationToken))
        {
            return [];
        }

        foreach (var (id, text) in _unreadable)
        {
            await Sql.ExecuteAsync(connection, DeadLetterRows.FromLocked(id, JobText.WithoutSecrets(text)), cancellationToken);
        }

        var chosen = scheduler.Choose(claim, _waiting, _blocked);
        return chosen.Count == 0 ? [] : await TakeAsync(chosen, cancellationToken);
    }

    private async Task<bool> LookAsync(CancellationToken cancellationToken)
    {
        List<NpgsqlBatchCommand> statements = [Sql.Statement(Expire), Own()];
        if (_takesStarts)
        {
            statements.AddRange(AnyStarts(), BlockedStarts());
        }

        if (claim.Fence is { } fence)
        {
            statements.Insert(0, With(Sql.Statement(Fence), fence));
        }

        await using var batch = Sql.Batch(connection, [.. statements]);
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        if (claim.Fence is not null)
        {
            if (!await row.ReadAsync(cancellationToken))
            {
                return false;
            }

            await row.NextResultAsync(cancellationToken);
        }

        await ReadAsync(row, cancellationToken);
        return true;
    }

    private async Task ReadAsync(NpgsqlDataReader row, CancellationToken cancellationToken)
    {
        await ReadJobsAsync(row, cancellationToken);
        if (_takesStarts)
        {
            await row.NextResultAsync(cancellationToken);
            await ReadJobsAsync(row, cancellationToken);
            await row.NextResultAsync(cancellationToken);
            _blocked = (await Sql.RowsAsync(row, found => new BlockedStart(found.GetInt64(0), ReadCapacity(found, 1)), cancellationToken))
                .SingleOrDefault();
        }
    }

    private async Task ReadJobsAsync(NpgsqlDataReader row, CancellationToken cancellationToken)
    {
        while (await row.ReadAsync(cancellationToken))
        {
            var (id, tenant, text) = (row.GetInt64(0), row.GetString(1), row.GetString(10));
            if (JobText.TryRead(text, row.GetInt64(9)) is { } job)
            {
                _jobs.Add(id, (job, tenant));
                _waiting.Add(new WaitingJob(
                    id, tenant, row.GetBoolean(2), job.SlotClass, ReadCapacity(row, 3), row.GetString(7), row.GetFieldValue<TimeSpan>(8)));
            }
            else
            {
                _unreadable.Add((id, text));
            }
        }
    }

    private async Task<IReadOnlyList<ClaimedJob>> TakeAsync(IReadOnlyList<long> chosen, CancellationToken cancellationToken)
    {
        var take = Sql.Statement($"{(claim.Fence is null ? Take : Held)} {Taken}")
            .With("node", claim.Node).With("lease_length", claim.Lease)
                .With("ids", NpgsqlDbType.Array | NpgsqlDbType.Bigint, chosen.ToArray());
        var taken = await Sql.RowsAsync(
            connection,
            claim.Fence is { } fence ? With(take, fence) : take,
            row => Claimed(row.GetInt64(0), row.GetInt32(1)),
            cancellationToken);

        // RETURNING promises no order.
        return [.. taken.OrderBy(job => job.Id)];
    }

    private ClaimedJob Claimed(long id, int attempt) => new(id, _jobs[id].Job, attempt) { Tenant = _jobs[id].Tenant };

    private NpgsqlBatchCommand Own()
    {
        var own = claim.Fence is null
            ? Sql.Statement(OfTheOnlyNode)
            : Sql.Statement(OfThisNode).With("node", claim.Node).WithLabels("labels", JobDemand.Offer(claim));
        return own.With("limit", claim.Limit)
            .With("open", NpgsqlDbType.Array | NpgsqlDbType.Smallint, claim.Slots.Open.Select(one => (short)one).ToArray())
            .With("exhausted", Words, claim.Slots.Exhausted.Select(one => $"{one.Class:D} {one.Tenant}").ToArray());
    }

    private NpgsqlBatchCommand AnyStarts() => WithNode(
        Sql.Statement(Starts).With("limit", Math.Min(claim.Limit, claim.Slots.FreeOf(JobClass.Start))).With("exhausted", Words, Exhausted),
        claim.FreeCapacity);

    /// <summary>Tenants that hold their share of the slots of starts.</summary>
    private string[] Exhausted =>
        [.. claim.Slots.Exhausted.Where(one => one.Class is JobClass.Start).Select(one => one.Tenant)];

    private static NpgsqlBatchCommand With(NpgsqlBatchCommand statement, Fence fence) =>
        statement.With("lease", fence.Lease).With("epoch", fence.Epoch);

    private NpgsqlBatchCommand BlockedStarts() => WithNode(Sql.Statement(Blocked), claim.Capacity)
        .With("exhausted", Words, Exhausted)
        .WithCapacity("free_", claim.FreeCapacity)
        .With("age_limit", JobClaim.AgeLimit);

    private NpgsqlBatchCommand WithNode(NpgsqlBatchCommand statement, NodeCapacity capacity) =>
        statement.WithCapacity("", capacity).WithLabels("labels", JobDemand.Offer(claim));

    private static NodeCapacity ReadCapacity(NpgsqlDataReader row, int column) =>
        new(row.GetDouble(column), row.GetInt64(column + 1), row.GetInt64(column + 2), row.GetDouble(column + 3));
}
