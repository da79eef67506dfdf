using Npgsql;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>The statements that write records. Each is one statement and therefore one transaction and one round trip, its
/// job included.</summary>
internal static class SandboxWrites
{
    private static readonly string[] Names = [.. SandboxRows.Columns.Split(", "), "due_at"];

    private static readonly string Replaced =
        string.Join(", ", Names.Where(name => name is not ("id" or "version")).Select(name => $"{name} = excluded.{name}"));

    // A tombstone that is old enough is replaced, its version carried on.
    private static readonly string Made = $"""
        WITH {Quota(isCreate: true)},
        made AS (
            INSERT INTO sandboxes AS kept ({string.Join(", ", Names)})
                SELECT {string.Join(", ", Names.Select(name => $"@{name}"))} FROM quota WHERE what IS NULL
            ON CONFLICT (id) DO UPDATE SET version = kept.version + 1, {Replaced}
                WHERE kept.state = 'deleted' AND kept.deleted_at <= store_now() - @tombstone_for
            RETURNING id, version, host_name),
        asked AS ({JobRows.InsertFrom("made")})
        SELECT (SELECT version FROM made), what, bound, wait, (SELECT count_create(@quota_tenant) FROM made) FROM quota
        """;

    // LateFacts: what the writer did not change keeps the value that the row has now.
    private const string Moved = """
        moved AS (
            UPDATE sandboxes SET
                version = @version, state = @state, incarnation = @incarnation, history = @history, archive = @archive,
                started_at = @started_at, stopped_at = @stopped_at, archived_at = @archived_at, deleted_at = @deleted_at,
                auto_transition_state = @auto_transition_state, auto_transition_at = @auto_transition_at,
                host_name = CASE WHEN @keep_host_name THEN host_name ELSE coalesce(@host_name, host_name) END,
                host_ip = CASE WHEN @keep_host_ip THEN host_ip ELSE coalesce(@host_ip, host_ip) END,
                idle_deadline = CASE WHEN @keep_idle_deadline THEN idle_deadline ELSE @idle_deadline END,
                passing_deadline = CASE WHEN @keep_passing_deadline THEN passing_deadline ELSE @passing_deadline END,
                due_at = CASE WHEN @keep_due_at THEN due_at ELSE @due_at END,
                effective_disk_bytes = CASE WHEN @keep_effective_disk THEN effective_disk_bytes ELSE @effective_disk_bytes END,
                reason = CASE WHEN @keep_reason THEN reason ELSE @reason END,
                live_snapshot = CASE WHEN @keep_live_snapshot THEN live_snapshot ELSE @live_snapshot END,
                phases = CASE WHEN @keep_phases THEN phases ELSE @phases END
            WHERE id = @id AND version = @was_version AND state = @was_state
        """;

    // The row of the lease is held until the commit: whoever takes the lease over waits for this write, or this write for it.
    private const string Fenced = """
        fence AS MATERIALIZED (SELECT 1 FROM leases WHERE name = @lease AND epoch = @epoch FOR KEY SHARE),
        """;

    private const string Amended = """
        UPDATE sandboxes SET
            host_name = @host_name, host_ip = @host_ip, started_at = @started_at, stopped_at = @stopped_at,
            archived_at = @archived_at, deleted_at = @deleted_at, idle_deadline = @idle_deadline,
            passing_deadline = @passing_deadline, auto_transition_state = @auto_transition_state,
            auto_transition_at = @auto_transition_at, due_at = @due_at, reason = @reason,
            effective_disk_bytes = @effective_disk_bytes, phases = @phases, live_snapshot = @live_snapshot,
            archive = @archive
        WHERE id = @id AND version = @version AND state = @state
        """;

    private static readonly Dictionary<(bool HasJob, bool HasFence, bool HasQuota), string> Moves = (
        from hasJob in new[] { false, true }
        from hasFence in new[] { false, true }
        from hasQuota in new[] { false, true }
        select (hasJob, hasFence, hasQuota)).ToDictionary(kind => kind, kind => MoveText(kind.hasJob, kind.hasFence, kind.hasQuota));

    /// <summary>Answers with one row: the version that was written (null: it was not), and which quota was reached (null: none),
    /// its bound, and when to ask again.</summary>
    public static NpgsqlBatchCommand Create(SandboxInstance first, Contracts.Jobs.SandboxJob job) => Sql.Statement(Made)
        .WithIdentity(first).WithFacts(first).WithHistory(first).WithJob(job, first, version: null)
        .WithQuota(first).With("tombstone_for", ISandboxStore.TombstoneFor);

    /// <summary>Answers with the number of records moved.</summary>
    public static NpgsqlBatchCommand Move(SandboxMove move)
    {
        var (read, next) = (move.From, move.Next);
        var comesToLive = !IsLive(read) && IsLive(next);
        var statement = Sql.Statement(Moves[(move.Job is not null, move.Fence is not null, comesToLive)])
            .WithFacts(next).WithHistory(next)
            .With("was_version", read.Version)
            .With("was_state", read.State.Name())
            .With("keep_host_name", next.HostName == read.HostName)
            .With("keep_host_ip", next.HostIp == read.HostIp)
            .With("keep_idle_deadline", next.IdleDeadline == read.IdleDeadline)
            .With("keep_passing_deadline", next.PassingDeadline == read.PassingDeadline)
            .With("keep_due_at", next.State == read.State && Deadlines.NextOf(next) == Deadlines.NextOf(read))
            .With("keep_effective_disk", next.EffectiveDiskBytes == read.EffectiveDiskBytes)
            .With("keep_reason", next.Reason == read.Reason)
            .With("keep_live_snapshot", next.LiveSnapshot == read.LiveSnapshot)
            .With("keep_phases", next.Phases.SequenceEqual(read.Phases));
        if (move.Job is { } job)
        {
            statement.WithJob(job, next, job.SandboxVersion);
        }

        if (comesToLive)
        {
            statement.WithQuota(next);
        }

        return move.Fence is { } fence ? statement.With("lease", fence.Lease).With("epoch", fence.Epoch) : statement;
    }

    /// <summary>Changes no row when version or state are others by now.</summary>
    public static NpgsqlBatchCommand Amend(SandboxInstance next) => Sql.Statement(Amended).WithFacts(next);

    /// <summary>Answers as the create does; counts nothing.</summary>
    public static NpgsqlBatchCommand Check(string tenant, SandboxSpec spec) =>
        WithQuota(Sql.Statement("SELECT what, bound, wait FROM quota_refusal(@quota_tenant, @quota_cpus, @quota_memory_bytes, false)"), tenant, spec);

    /// <summary>From the columns what, bound and wait.</summary>
    public static SandboxError.QuotaExceeded? RefusalIn(NpgsqlDataReader row, int what) => row.IsDBNull(what)
        ? null
        : new SandboxError.QuotaExceeded(
            row.GetString(what), row.GetString(what + 1), row.IsDBNull(what + 2) ? null : row.GetFieldValue<TimeSpan>(what + 2));

    private static bool IsLive(SandboxInstance record) => record.State is SandboxState.Pending or SandboxState.Running;

    private static NpgsqlBatchCommand WithQuota(this NpgsqlBatchCommand statement, SandboxInstance record) =>
        WithQuota(statement, record.Tenant, record.Spec);

    private static NpgsqlBatchCommand WithQuota(NpgsqlBatchCommand statement, string tenant, SandboxSpec spec) => statement
        .With("quota_tenant", tenant).With("quota_cpus", spec.Cpus).With("quota_memory_bytes", spec.MemoryBytes);

    // The function locks the row of a tenant that has a quota, until the commit, and then counts.
    private static string Quota(bool isCreate) =>
        $"quota AS MATERIALIZED (SELECT * FROM quota_refusal(@quota_tenant, @quota_cpus, @quota_memory_bytes, {(isCreate ? "true" : "false")}))";

    private static string MoveText(bool hasJob, bool hasFence, bool hasQuota) => $"""
        WITH {(hasQuota ? Quota(isCreate: false) + "," : "")} {(hasFence ? Fenced : "")} {Moved}
            {(hasFence ? "AND EXISTS (SELECT 1 FROM fence)" : "")} {(hasQuota ? "AND (SELECT what FROM quota) IS NULL" : "")}
            RETURNING id, version, host_name)
        {(hasJob ? $", asked AS ({JobRows.InsertFrom("moved")})" : "")}
        SELECT count(*) FROM moved
        """;
}
