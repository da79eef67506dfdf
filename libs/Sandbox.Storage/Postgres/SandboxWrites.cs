using Npgsql;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
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

/// <summary>A move, with the job that it causes.</summary>
internal sealed record SandboxChange(SandboxTransition Move, JobRow? Job)
{
    public SandboxChange(SandboxTransition move)
        : this(move, move.Job is { } job ? new JobRow(job, move.Next, job.SandboxVersion) : null)
    {
    }

    /// <summary>It counts for its tenant's quota from now on.</summary>
    public bool ComesToLive => !IsLive(Move.From) && IsLive(Move.Next);

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

    private static readonly ItemTable<SandboxChange> Changes = new ItemTable<SandboxChange>()
        .Of(SandboxRows.Facts, change => change.Move.Next)
        .Of(SandboxRows.History, change => change.Move.Next)
        .Of(JobRow.Columns, change => change.Job)
        .Number("was_version", change => change.Move.From.Version)
        .Words("was_state", change => change.Move.From.State.Name())
        .Words("was_incarnation", change => change.Move.From.Incarnation.ToString())
        .Words("lease", change => change.Move.Fence?.Lease)
        .Number("lease_epoch", change => change.Move.Fence?.Epoch)
        .Number("claim", change => change.Move.Claim?.Id)
        .Number("claim_attempt", change => change.Move.Claim?.Attempt)
        .Flag("keep_host_name", change => change.Move.Next.HostName == change.Move.From.HostName)
        .Flag("keep_host_ip", change => change.Move.Next.HostIp == change.Move.From.HostIp)
        .Flag("keep_idle_deadline", change => change.Move.Next.IdleDeadline == change.Move.From.IdleDeadline)
        .Flag("keep_passing_deadline", change => change.Move.Next.TransientDeadline == change.Move.From.TransientDeadline)
        .Flag("keep_due_at", change =>
            change.Move.Next.State == change.Move.From.State && Deadlines.NextOf(change.Move.Next) == Deadlines.NextOf(change.Move.From))
        .Flag("keep_effective_disk", change => change.Move.Next.EffectiveDiskBytes == change.Move.From.EffectiveDiskBytes)
        .Flag("keep_effective_log", change => change.Move.Next.EffectiveLogBytes == change.Move.From.EffectiveLogBytes)
        .Flag("keep_reason", change => change.Move.Next.Reason == change.Move.From.Reason)
        .Flag("keep_live_snapshot", change => change.Move.Next.LiveSnapshot == change.Move.From.LiveSnapshot)
        .Flag("keep_phases", change => change.Move.Next.Phases.SequenceEqual(change.Move.From.Phases));

    private static readonly string[] Names = [.. SandboxRows.Columns.Split(", "), "due_at"];

    private static readonly string Replaced =
        string.Join(", ", Names.Where(name => name is not ("id" or "version")).Select(name => $"{name} = excluded.{name}"));

    // The function locks the row of a tenant that has a quota, until the commit, and then counts. That is for one item only:
    // what the others of its statement add is not there to be counted.
    private const string Quota =
        "quota AS MATERIALIZED (SELECT * FROM quota_refusal(@quota_tenant, @quota_cpus, @quota_memory_bytes, @quota_is_create))";

    private static readonly string ManyMade = $"""
        WITH {Creates.Text},
        bounded AS MATERIALIZED (
            SELECT name FROM tenants WHERE name IN (SELECT tenant FROM item)
                AND (sandboxes IS NOT NULL OR cpus IS NOT NULL OR memory_bytes IS NOT NULL OR creates_per_minute IS NOT NULL)),
        {Made("tenant NOT IN (SELECT name FROM bounded)")}
        SELECT item.no, made.version, item.tenant IN (SELECT name FROM bounded) FROM item LEFT JOIN made ON made.id = item.id
        """;

    private static readonly string OneMade = $"""
        WITH {Creates.Text}, {Quota}, {Made("(SELECT what FROM quota) IS NULL")}
        SELECT (SELECT version FROM made), what, bound, wait, (SELECT count_create(@quota_tenant) FROM made) FROM quota
        """;

    private static readonly string ManyMoved = Moved("", "");

    private static readonly string OneMoved = Moved($"{Quota}, ", "AND (SELECT what FROM quota) IS NULL");

    private static readonly string Amended = $"""
        WITH {SandboxRows.Facts.Text}
        UPDATE sandboxes kept SET {string.Join(", ", SandboxRows.Facts.Names.Where(name => name is not ("id" or "version" or "state" or "incarnation")).Select(name => $"{name} = item.{name}"))}
        FROM item WHERE kept.id = item.id AND kept.version = item.version AND kept.state = item.state AND kept.incarnation = item.incarnation
        RETURNING item.no
        """;

    /// <summary>Answers with a row for each: its number, the version that was written (null: it was not), and whether its tenant
    /// has a quota; then nothing was written, and it is a case for <see cref="CreateInQuota"/>.</summary>
    public static NpgsqlBatchCommand CreateMany(IReadOnlyList<SandboxCreate> creates) =>
        Creates.Bind(Sql.Statement(ManyMade), creates).With("tombstone_for", ISandboxStore.TombstoneFor);

    /// <summary>Answers with one row: the version that was written (null: it was not), and which quota was reached (null: none),
    /// its bound, and when to ask again.</summary>
    public static NpgsqlBatchCommand CreateInQuota(SandboxCreate create) => WithQuota(
        Creates.Bind(Sql.Statement(OneMade), [create]), create.First.Tenant, create.First.Spec)
        .With("quota_is_create", true).With("tombstone_for", ISandboxStore.TombstoneFor);

    /// <summary>Answers with a row for each that was moved: its number, and what <see cref="SandboxRows.WithLate"/> reads.</summary>
    public static NpgsqlBatchCommand MoveMany(IReadOnlyList<SandboxChange> changes) => Changes.Bind(Sql.Statement(ManyMoved), changes);

    /// <summary>The same of one that comes to live.</summary>
    public static NpgsqlBatchCommand MoveInQuota(SandboxChange change) => WithQuota(
        Changes.Bind(Sql.Statement(OneMoved), [change]), change.Move.Next.Tenant, change.Move.Next.Spec).With("quota_is_create", false);

    /// <summary>Answers with the numbers of those that were written: version and state were still theirs.</summary>
    public static NpgsqlBatchCommand AmendMany(IReadOnlyList<SandboxInstance> records) =>
        SandboxRows.Facts.Bind(Sql.Statement(Amended), records);

    /// <summary>Answers as the create does; counts nothing.</summary>
    public static NpgsqlBatchCommand Check(string tenant, SandboxSpec spec) =>
        WithQuota(
            Sql.Statement("SELECT what, bound, wait FROM quota_refusal(@quota_tenant, @quota_cpus, @quota_memory_bytes, false)"), tenant,
            spec);

    /// <summary>From the columns what, bound and wait.</summary>
    public static SandboxError.QuotaExceeded? RefusalIn(NpgsqlDataReader row, int what) => row.IsDBNull(what)
        ? null
        : new SandboxError.QuotaExceeded(
            row.GetString(what), row.GetString(what + 1), row.IsDBNull(what + 2) ? null : row.GetFieldValue<TimeSpan>(what + 2));

    private static NpgsqlBatchCommand WithQuota(NpgsqlBatchCommand statement, string tenant, SandboxSpec spec) => statement
        .With("quota_tenant", tenant).With("quota_cpus", spec.Cpus).With("quota_memory_bytes", spec.MemoryBytes);

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

    // The row of a lease is held until the commit: whoever takes the lease over waits for this write, or this write for it.
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
                host_name = CASE WHEN keep_host_name THEN kept.host_name ELSE coalesce(item.host_name, kept.host_name) END,
                host_ip = CASE WHEN keep_host_ip THEN kept.host_ip ELSE coalesce(item.host_ip, kept.host_ip) END,
                idle_deadline = CASE WHEN keep_idle_deadline THEN kept.idle_deadline ELSE item.idle_deadline END,
                passing_deadline = CASE WHEN keep_passing_deadline THEN kept.passing_deadline ELSE item.passing_deadline END,
                due_at = CASE WHEN keep_due_at THEN kept.due_at ELSE item.due_at END,
                effective_disk_bytes = CASE WHEN keep_effective_disk THEN kept.effective_disk_bytes ELSE item.effective_disk_bytes END,
                effective_log_bytes = CASE WHEN keep_effective_log THEN kept.effective_log_bytes ELSE item.effective_log_bytes END,
                reason = CASE WHEN keep_reason THEN kept.reason ELSE item.reason END,
                live_snapshot = CASE WHEN keep_live_snapshot THEN kept.live_snapshot ELSE item.live_snapshot END,
                phases = CASE WHEN keep_phases THEN kept.phases ELSE item.phases END
            FROM item LEFT JOIN fence ON fence.name = item.lease AND fence.epoch = item.lease_epoch
            WHERE kept.id = item.id AND kept.version = item.was_version AND kept.state = item.was_state AND kept.incarnation = item.was_incarnation
                AND (item.lease IS NULL OR fence.name IS NOT NULL)
                AND (item.claim IS NULL OR EXISTS (
                    SELECT 1 FROM jobs WHERE jobs.id = item.claim AND jobs.attempt = item.claim_attempt AND jobs.node IS NOT NULL)) {admitted}
            RETURNING item.no, kept.id, kept.version, kept.host_name, kept.host_ip, kept.idle_deadline, kept.passing_deadline,
                kept.effective_disk_bytes, kept.effective_log_bytes, kept.reason, CASE WHEN keep_live_snapshot THEN kept.live_snapshot END,
                CASE WHEN keep_phases THEN kept.phases END),
        asked AS ({JobRows.InsertFrom("moved")})
        SELECT moved.* FROM moved
        """;
}
