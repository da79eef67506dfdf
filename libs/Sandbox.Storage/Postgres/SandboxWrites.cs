using System.Text.Json;
using Npgsql;
using NpgsqlTypes;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>A first record, with the job that it causes.</summary>
internal sealed record SandboxCreate(SandboxInstance First, JobRow Job)
{
    public SandboxCreate(SandboxInstance first, SandboxJob job)
        : this(first, new JobRow(job, first, version: null))
    {
    }
}

/// <summary>A transition, with the job that it causes.</summary>
internal sealed record SandboxChange(SandboxTransition Transition, JobRow? Job)
{
    public SandboxChange(SandboxTransition transition)
        : this(transition, transition.Job is { } job ? new JobRow(job, transition.Next, job.SandboxVersion) : null)
    {
    }

    /// <summary>It counts for its tenant's quota from now on.</summary>
    public bool ComesToLive => !IsLive(Transition.From) && IsLive(Transition.Next);

    private static bool IsLive(SandboxInstance record) => record.State is SandboxState.Pending or SandboxState.Running;
}

/// <summary>The statements that write records. Each writes as many as it is given, their jobs included, and is one transaction
/// and one round trip; what is refused for one is not refused for another.</summary>
internal static class SandboxWrites
{
    private static readonly ItemTable<SandboxCreate> Creates = new ItemTable<SandboxCreate>()
        .Of(SandboxRows.Facts, create => create.First)
        .Of(SandboxRows.Identity, create => create.First)
        .Of(SandboxRows.History, create => create.First)
        .Of(JobRow.Columns, create => create.Job);

    private static readonly ItemTable<SandboxChange> Changes = FactMerge.All.Aggregate(
        new ItemTable<SandboxChange>()
            .Of(SandboxRows.Facts, change => change.Transition.Next)
            .Of(SandboxRows.History, change => change.Transition.Next)
            .Of(JobRow.Columns, change => change.Job)
            .Number("was_version", change => change.Transition.From.Version)
            .Words("was_state", change => change.Transition.From.State.Name())
            .Words("was_incarnation", change => change.Transition.From.Incarnation.ToString())
            .Words("lease", change => change.Transition.Fence?.Lease)
            .Number("lease_epoch", change => change.Transition.Fence?.Epoch)
            .Number("claim", change => change.Transition.Claim?.Id)
            .Number("claim_attempt", change => change.Transition.Claim?.Attempt)
            .Flag("keep_due_at", change =>
                change.Transition.Next.State == change.Transition.From.State
                && Deadlines.NextOf(change.Transition.Next) == Deadlines.NextOf(change.Transition.From))
            .Json("tombstone_spec", change => SandboxRows.TombstoneSpecOf(change.Transition.Next)),
        (table, fact) => table.Flag($"keep_{fact.Column}", change => fact.IsUntouched(change.Transition.Next, change.Transition.From)));

    private static readonly string Merged = string.Join(", ", FactMerge.All.Select(fact =>
    {
        var written = fact.IsNeverUnset ? $"coalesce(item.{fact.Column}, kept.{fact.Column})" : $"item.{fact.Column}";
        return $"{fact.Column} = CASE WHEN keep_{fact.Column} THEN kept.{fact.Column} ELSE {written} END";
    }));

    private static readonly string[] Names = [.. SandboxRows.Columns.Split(", "), "due_at", "limit_cpus", "gpus"];

    private static readonly string Replaced =
        string.Join(", ", Names.Where(name => name is not ("id" or "version")).Select(name => $"{name} = excluded.{name}"));

    // The function locks the row of a tenant that has a quota, until the commit, and then counts. That is for one item only:
    // what the others of its statement add is not there to be counted.
    private const string Refusal =
        "quota_refusal(@quota_tenant, @quota_cpus, @quota_memory_bytes, @quota_gpus, @quota_disk_bytes, @quota_is_create)";

    private const string Quota = $"quota AS MATERIALIZED (SELECT * FROM {Refusal})";

    private static readonly string ManyMade = $"""
        WITH {Creates.Text},
        bounded AS MATERIALIZED (SELECT name FROM tenants WHERE name IN (SELECT tenant FROM item) AND is_bounded),
        {Made("tenant NOT IN (SELECT name FROM bounded)")}
        SELECT item.no, made.version, item.tenant IN (SELECT name FROM bounded) FROM item LEFT JOIN made ON made.id = item.id
        """;

    private static readonly string OneMade = $"""
        WITH {Creates.Text}, {Quota}, {Made("(SELECT what FROM quota) IS NULL")}
        SELECT (SELECT version FROM made), what, bound, wait, is_bounded, (SELECT count_create(@quota_tenant) FROM made) FROM quota
        """;

    private static readonly string ManyMoved = Moved("", "");

    private static readonly string OneMoved = Moved($"{Quota}, ", "AND (SELECT what FROM quota) IS NULL");

    private static readonly string FactsUpdated = $"""
        WITH {SandboxRows.Facts.Text}
        UPDATE sandboxes kept SET {string.Join(", ", SandboxRows.Facts.Names.Where(name => name is not ("id" or "version" or "state" or "incarnation")).Select(name => $"{name} = item.{name}"))}
        FROM item WHERE kept.id = item.id AND kept.version = item.version AND kept.state = item.state AND kept.incarnation = item.incarnation
        RETURNING item.no
        """;

    /// <summary>Answers with a row for each: its number, the version that was written (null: it was not), and whether its tenant
    /// has a quota; then nothing was written, and it is a case for <see cref="CreateInQuota"/>.</summary>
    public static NpgsqlBatchCommand CreateMany(IReadOnlyList<SandboxCreate> creates) =>
        Creates.Bind(Sql.Statement(ManyMade), creates).With("tombstone_for", ISandboxStore.TombstoneFor);

    /// <summary>Answers with one row: the version that was written (null: it was not), which quota was reached (null: none),
    /// its bound, when to ask again, and whether its tenant has a quota at all.</summary>
    public static NpgsqlBatchCommand CreateInQuota(SandboxCreate create) => WithQuota(
        Creates.Bind(Sql.Statement(OneMade), [create]), create.First.Tenant, QuotaDemand.OfNew(create.First.Spec))
        .With("tombstone_for", ISandboxStore.TombstoneFor);

    /// <summary>Answers with a row for each that was written: its number, and what <see cref="SandboxRows.WithMergedFacts"/>
    /// reads.</summary>
    public static NpgsqlBatchCommand TransitionMany(IReadOnlyList<SandboxChange> changes) =>
        Changes.Bind(Sql.Statement(ManyMoved), changes);

    /// <summary>The same of one that comes to live.</summary>
    public static NpgsqlBatchCommand TransitionInQuota(SandboxChange change) => WithQuota(
        Changes.Bind(Sql.Statement(OneMoved), [change]), change.Transition.From.Tenant, QuotaDemand.OfReturning(change.Transition.From));

    /// <summary>Answers with the numbers of those that were written: version and state were still theirs.</summary>
    public static NpgsqlBatchCommand UpdateFactsMany(IReadOnlyList<SandboxInstance> records) =>
        SandboxRows.Facts.Bind(Sql.Statement(FactsUpdated), records);

    /// <summary>Writes the spec only, if the row is still of that life, version and state, and its egress one revision behind.</summary>
    public static NpgsqlBatchCommand ReplaceSpec(SandboxInstance next) => Sql.Statement(
        """
        UPDATE sandboxes SET spec = @spec
        WHERE id = @id AND version = @version AND state = @state AND incarnation = @incarnation
            AND coalesce((spec -> 'egress' ->> 'revision')::bigint, 0) = @revision - 1
        """)
        .With("revision", next.Spec.Egress?.Revision)
        .With("spec", NpgsqlDbType.Json, JsonSerializer.Serialize(next.Spec, RecordJson.Default.SandboxSpec))
        .With("id", next.Id.ToString()).With("version", next.Version).With("state", next.State.Name())
        .With("incarnation", next.Incarnation.ToString());

    /// <summary>Answers as the create does; counts nothing.</summary>
    public static NpgsqlBatchCommand Check(SandboxInstance resting) => WithQuota(
        Sql.Statement($"SELECT what, bound, wait FROM {Refusal}"), resting.Tenant, QuotaDemand.OfReturning(resting));

    /// <summary>From the columns what, bound and wait.</summary>
    public static SandboxError.QuotaExceeded? RefusalIn(NpgsqlDataReader row, int what) => row.IsDBNull(what)
        ? null
        : new SandboxError.QuotaExceeded(
            row.GetString(what), row.GetString(what + 1), row.IsDBNull(what + 2) ? null : row.GetFieldValue<TimeSpan>(what + 2));

    private static NpgsqlBatchCommand WithQuota(NpgsqlBatchCommand statement, string tenant, QuotaDemand more) => statement
        .With("quota_tenant", tenant)
        .With("quota_cpus", more.Cpus)
        .With("quota_memory_bytes", more.MemoryBytes)
        .With("quota_gpus", more.Gpus)
        .With("quota_disk_bytes", more.DiskBytes)
        .With("quota_is_create", more.IsCreate);

    // A tombstone that is old enough is replaced, its version carried on.
    private static string Made(string admitted) => $"""
        made AS (
            INSERT INTO sandboxes AS kept ({string.Join(", ", Names)})
                SELECT {string.Join(", ", Names)} FROM item WHERE {admitted}
            ON CONFLICT (id) DO UPDATE SET version = kept.version + 1, {Replaced}
                WHERE kept.state = 'deleted' AND kept.deleted_at <= store_now() - @tombstone_for
            RETURNING id, version, host_name),
        asked AS ({JobRows.InsertFrom("made")})
        """;

    // The row of a lease is held until the commit: the next holder of the lease waits for this write, or this write for it.
    // FactMerge: what the writer did not change keeps the value that the row has now.
    private static string Moved(string quota, string admitted) => $"""
        WITH {Changes.Text}, {quota}
        fence AS MATERIALIZED (
            SELECT name, epoch FROM leases WHERE (name, epoch) IN (SELECT lease, lease_epoch FROM item WHERE lease IS NOT NULL) FOR KEY SHARE),
        moved AS (
            UPDATE sandboxes kept SET
                version = item.version, state = item.state, incarnation = item.incarnation, history = item.history, archive = item.archive,
                started_at = item.started_at, stopped_at = item.stopped_at, archived_at = item.archived_at, deleted_at = item.deleted_at,
                auto_transition_state = item.auto_transition_state, auto_transition_at = item.auto_transition_at,
                spec = coalesce(item.tombstone_spec, kept.spec),
                due_at = CASE WHEN keep_due_at THEN kept.due_at ELSE item.due_at END, {Merged}
            FROM item LEFT JOIN fence ON fence.name = item.lease AND fence.epoch = item.lease_epoch
            WHERE kept.id = item.id AND kept.version = item.was_version AND kept.state = item.was_state AND kept.incarnation = item.was_incarnation
                AND (item.lease IS NULL OR fence.name IS NOT NULL)
                AND (item.claim IS NULL OR EXISTS (
                    SELECT 1 FROM jobs WHERE jobs.id = item.claim AND jobs.attempt = item.claim_attempt AND jobs.node IS NOT NULL)) {admitted}
            RETURNING item.no, kept.id, kept.version, kept.host_name, kept.host_ip, kept.idle_deadline, kept.passing_deadline,
                kept.effective_disk_bytes, kept.effective_log_bytes, kept.effective_network, kept.reason,
                CASE WHEN keep_live_snapshot THEN kept.live_snapshot END, CASE WHEN keep_phases THEN kept.phases END),
        asked AS ({JobRows.InsertFrom("moved")})
        SELECT moved.* FROM moved
        """;
}
