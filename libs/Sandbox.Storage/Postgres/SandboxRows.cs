using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Npgsql;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Postgres;

/// <summary>A record as a row of <c>sandboxes</c>: its parameters and its columns.</summary>
internal static class SandboxRows
{
    // Read by position below.
    public const string Columns =
        "id, version, state, incarnation, tenant, user_id, experiment_id, namespace, cluster_name, image, deployment, cpus, " +
        "memory_bytes, disk_bytes, host_name, host_ip, created_at, started_at, stopped_at, archived_at, deleted_at, " +
        "idle_deadline, passing_deadline, auto_transition_state, auto_transition_at, reason, effective_disk_bytes, phases, " +
        "history, live_snapshot, spec, archive, effective_log_bytes, effective_network";

    /// <summary>The same for <see cref="ReadBrief"/>, without what is large.</summary>
    public static string BriefColumns { get; } = Columns
        .Replace(" live_snapshot,", " NULL::text,", StringComparison.Ordinal)
        .Replace(
            " spec,",
            " json_build_object('metadata', spec->'metadata', 'num_gpus', spec->'num_gpus', 'accelerator_type', spec->'accelerator_type', "
                + "'encrypted_authorization', spec->'encrypted_authorization'),",
            StringComparison.Ordinal);

    /// <summary>What is written once.</summary>
    public static ItemTable<SandboxInstance> Identity { get; } = new ItemTable<SandboxInstance>()
        .Words("tenant", record => record.Tenant)
        .Words("user_id", record => record.Owner.UserId)
        .Words("experiment_id", record => record.Owner.ExperimentId)
        .Words("namespace", record => record.Owner.Namespace)
        .Words("cluster_name", record => record.Owner.Cluster)
        .Words("image", record => record.Spec.Image)
        .Words("deployment", record => record.Spec.Deployment.ToString())
        .Real("cpus", record => record.Spec.Cpus)
        .Number("memory_bytes", record => record.Spec.MemoryBytes)
        .Number("disk_bytes", record => record.Spec.DiskBytes)
        .Real("limit_cpus", record => QuotaDemand.CpusOf(record.Spec))
        .Number("gpus", record => QuotaDemand.GpusOf(record.Spec))
        .Moment("created_at", record => record.CreatedAt)
        .Json("spec", record => JsonSerializer.Serialize(record.Spec, RecordJson.Default.SandboxSpec));

    /// <summary>What changes.</summary>
    public static ItemTable<SandboxInstance> Facts { get; } = new ItemTable<SandboxInstance>()
        .Words("id", record => record.Id.ToString())
        .Number("version", record => record.Version)
        .Words("state", record => record.State.Name())
        .Words("incarnation", record => record.Incarnation.ToString())
        .Words("host_name", record => record.HostName)
        .Words("host_ip", record => record.HostIp)
        .Moment("started_at", record => record.StartedAt)
        .Moment("stopped_at", record => record.StoppedAt)
        .Moment("archived_at", record => record.ArchivedAt)
        .Moment("deleted_at", record => record.DeletedAt)
        .Moment("idle_deadline", record => record.IdleDeadline)
        .Moment("passing_deadline", record => record.TransientDeadline)
        .Words("auto_transition_state", record => record.AutoTransitionState?.Name())
        .Moment("auto_transition_at", record => record.AutoTransitionAt)
        .Moment("due_at", record => Deadlines.NextOf(record))
        .Words("reason", record => record.Reason)
        .Number("effective_disk_bytes", record => record.EffectiveDiskBytes)
        .Number("effective_log_bytes", record => record.EffectiveLogBytes)
        .Words("effective_network", record => record.EffectiveNetwork)
        .Json("phases", record => JsonSerializer.Serialize(record.Phases, RecordJson.Default.IReadOnlyListSandboxPhase))
        .Words("live_snapshot", record => record.LiveSnapshot)
        .Json("archive", record =>
            record.Archive is { } archive ? JsonSerializer.Serialize(archive, RecordJson.Default.ArchiveFacts) : null);

    /// <summary>What changes with the state only.</summary>
    public static ItemTable<SandboxInstance> History { get; } = new ItemTable<SandboxInstance>()
        .Json("history", record => JsonSerializer.Serialize(record.History, RecordJson.Default.IReadOnlyListStateChange));

    /// <summary>The spec of a record that becomes a tombstone, the only change that one has; else null.</summary>
    public static string? TombstoneSpecOf(SandboxInstance record) =>
        record.State is SandboxState.Deleted ? JsonSerializer.Serialize(record.Spec, RecordJson.Default.SandboxSpec) : null;

    /// <summary>What <see cref="FactMerge"/> may have kept, from the columns that a transition answers with.</summary>
    public static SandboxInstance WithMergedFacts(SandboxTransition transition, NpgsqlDataReader row, int column) => transition.Next with
    {
        HostName = Sql.TextOrNull(row, column),
        HostIp = Sql.TextOrNull(row, column + 1),
        IdleDeadline = Sql.MomentOrNull(row, column + 2),
        TransientDeadline = Sql.MomentOrNull(row, column + 3),
        EffectiveDiskBytes = Sql.NumberOrNull(row, column + 4),
        EffectiveLogBytes = Sql.NumberOrNull(row, column + 5),
        EffectiveNetwork = Sql.TextOrNull(row, column + 6),
        Reason = Sql.TextOrNull(row, column + 7),
        // The large ones come only when they were kept.
        LiveSnapshot = transition.Next.LiveSnapshot == transition.From.LiveSnapshot
            ? Sql.TextOrNull(row, column + 8) : transition.Next.LiveSnapshot,
        Phases = row.IsDBNull(column + 9)
            ? transition.Next.Phases : [.. Json(row, column + 9, RecordJson.Default.IReadOnlyListSandboxPhase)],
    };

    public static SandboxInstance Read(NpgsqlDataReader row) => Read(row, SpecOf(row));

    /// <summary>A record that is only shown.</summary>
    public static SandboxInstance ReadBrief(NpgsqlDataReader row) =>
        Read(row, Json(row, 30, RecordJson.Default.ShownSpec).AddTo(FlatSpecOf(row)));

    private static SandboxInstance Read(NpgsqlDataReader row, SandboxSpec spec) => new()
    {
        Id = SandboxId.Parse(row.GetString(0)),
        Version = row.GetInt64(1),
        State = State(row.GetString(2)),
        Incarnation = IncarnationId.Parse(row.GetString(3)),
        Tenant = row.GetString(4),
        Owner = new SandboxOwner(row.GetString(5), row.GetString(6), row.GetString(7), row.GetString(8)),
        Spec = spec,
        HostName = Sql.TextOrNull(row, 14),
        HostIp = Sql.TextOrNull(row, 15),
        CreatedAt = Sql.Moment(row, 16),
        StartedAt = Sql.MomentOrNull(row, 17),
        StoppedAt = Sql.MomentOrNull(row, 18),
        ArchivedAt = Sql.MomentOrNull(row, 19),
        DeletedAt = Sql.MomentOrNull(row, 20),
        IdleDeadline = Sql.MomentOrNull(row, 21),
        TransientDeadline = Sql.MomentOrNull(row, 22),
        AutoTransitionState = row.IsDBNull(23) ? null : State(row.GetString(23)),
        AutoTransitionAt = Sql.MomentOrNull(row, 24),
        Reason = Sql.TextOrNull(row, 25),
        EffectiveDiskBytes = Sql.NumberOrNull(row, 26),
        Phases = [.. Json(row, 27, RecordJson.Default.IReadOnlyListSandboxPhase)],
        History = [.. Json(row, 28, RecordJson.Default.IReadOnlyListStateChange)],
        LiveSnapshot = Sql.TextOrNull(row, 29),
        Archive = row.IsDBNull(31) ? null : Json(row, 31, RecordJson.Default.ArchiveFacts),
        EffectiveLogBytes = Sql.NumberOrNull(row, 32),
        EffectiveNetwork = Sql.TextOrNull(row, 33),
    };

    private static SandboxSpec SpecOf(NpgsqlDataReader row) =>
        row.IsDBNull(30) ? FlatSpecOf(row) : Json(row, 30, RecordJson.Default.SandboxSpec);

    private static SandboxSpec FlatSpecOf(NpgsqlDataReader row) => SandboxSpec.FromFlatFields(
        Enum.Parse<DeploymentKind>(row.GetString(10)), row.GetString(9), row.GetDouble(11), row.GetInt64(12), Sql.NumberOrNull(row, 13));

    private static T Json<T>(NpgsqlDataReader row, int column, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(row.GetString(column), type)
        ?? throw new InvalidDataException($"The record of sandbox {row.GetString(0)} has an empty {row.GetName(column)}.");

    private static SandboxState State(string name) =>
        WireNames.TryParseState(name, out var state) ? state : throw new InvalidDataException($"'{name}' is no state of a sandbox.");
}
