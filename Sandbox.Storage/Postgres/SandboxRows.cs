using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Npgsql;
using NpgsqlTypes;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;

namespace Sandbox.Storage.Postgres;

/// <summary>A record as a row of <c>sandboxes</c>: its parameters and its columns.</summary>
internal static class SandboxRows
{
    // Read by position below.
    public const string Columns =
        "id, version, state, incarnation, tenant, user_id, experiment_id, namespace, cluster_name, image, deployment, cpus, " +
        "memory_bytes, disk_bytes, host_name, host_ip, created_at, started_at, stopped_at, archived_at, deleted_at, " +
        "idle_deadline, passing_deadline, auto_transition_state, auto_transition_at, reason, effective_disk_bytes, phases, " +
        "history, live_snapshot, spec, archive";

    /// <summary>The parameters of everything that is written once.</summary>
    public static NpgsqlBatchCommand WithIdentity(this NpgsqlBatchCommand statement, SandboxInstance record) => statement
        .With("tenant", record.Tenant)
        .With("user_id", record.Owner.UserId)
        .With("experiment_id", record.Owner.ExperimentId)
        .With("namespace", record.Owner.Namespace)
        .With("cluster_name", record.Owner.Cluster)
        .With("image", record.Spec.Image)
        .With("deployment", record.Spec.Deployment.ToString())
        .With("cpus", record.Spec.Cpus)
        .With("memory_bytes", record.Spec.MemoryBytes)
        .With("disk_bytes", record.Spec.DiskBytes)
        .With("created_at", record.CreatedAt)
        .WithJson("spec", record.Spec, RecordJson.Default.SandboxSpec);

    /// <summary>The parameters of everything that changes.</summary>
    public static NpgsqlBatchCommand WithFacts(this NpgsqlBatchCommand statement, SandboxInstance record) => statement
        .With("id", record.Id.ToString())
        .With("version", record.Version)
        .With("state", record.State.Name())
        .With("incarnation", record.Incarnation.ToString())
        .With("host_name", record.HostName)
        .With("host_ip", record.HostIp)
        .With("started_at", record.StartedAt)
        .With("stopped_at", record.StoppedAt)
        .With("archived_at", record.ArchivedAt)
        .With("deleted_at", record.DeletedAt)
        .With("idle_deadline", record.IdleDeadline)
        .With("passing_deadline", record.PassingDeadline)
        .With("auto_transition_state", record.AutoTransitionState?.Name())
        .With("auto_transition_at", record.AutoTransitionAt)
        .With("due_at", Deadlines.NextOf(record))
        .With("reason", record.Reason)
        .With("effective_disk_bytes", record.EffectiveDiskBytes)
        .WithJson("phases", record.Phases, RecordJson.Default.IReadOnlyListSandboxPhase)
        .With("live_snapshot", record.LiveSnapshot)
        .With("archive", NpgsqlDbType.Json, record.Archive is { } archive ? JsonSerializer.Serialize(archive, RecordJson.Default.ArchiveFacts) : null);

    public static NpgsqlBatchCommand WithHistory(this NpgsqlBatchCommand statement, SandboxInstance record) =>
        statement.WithJson("history", record.History, RecordJson.Default.IReadOnlyListStateChange);

    public static SandboxInstance Read(NpgsqlDataReader row) => new()
    {
        Id = SandboxId.Parse(row.GetString(0)),
        Version = row.GetInt64(1),
        State = State(row.GetString(2)),
        Incarnation = IncarnationId.Parse(row.GetString(3)),
        Tenant = row.GetString(4),
        Owner = new SandboxOwner(row.GetString(5), row.GetString(6), row.GetString(7), row.GetString(8)),
        Spec = SpecOf(row),
        HostName = Sql.TextOrNull(row, 14),
        HostIp = Sql.TextOrNull(row, 15),
        CreatedAt = Sql.Moment(row, 16),
        StartedAt = Sql.MomentOrNull(row, 17),
        StoppedAt = Sql.MomentOrNull(row, 18),
        ArchivedAt = Sql.MomentOrNull(row, 19),
        DeletedAt = Sql.MomentOrNull(row, 20),
        IdleDeadline = Sql.MomentOrNull(row, 21),
        PassingDeadline = Sql.MomentOrNull(row, 22),
        AutoTransitionState = row.IsDBNull(23) ? null : State(row.GetString(23)),
        AutoTransitionAt = Sql.MomentOrNull(row, 24),
        Reason = Sql.TextOrNull(row, 25),
        EffectiveDiskBytes = Sql.NumberOrNull(row, 26),
        Phases = [.. Json(row, 27, RecordJson.Default.IReadOnlyListSandboxPhase)],
        History = [.. Json(row, 28, RecordJson.Default.IReadOnlyListStateChange)],
        LiveSnapshot = Sql.TextOrNull(row, 29),
        Archive = row.IsDBNull(31) ? null : Json(row, 31, RecordJson.Default.ArchiveFacts),
    };

    private static SandboxSpec SpecOf(NpgsqlDataReader row) => row.IsDBNull(30)
        ? SandboxSpec.FromFlatFields(
            Enum.Parse<DeploymentKind>(row.GetString(10)), row.GetString(9), row.GetDouble(11), row.GetInt64(12), Sql.NumberOrNull(row, 13))
        : Json(row, 30, RecordJson.Default.SandboxSpec);

    private static NpgsqlBatchCommand WithJson<T>(this NpgsqlBatchCommand statement, string name, T value, JsonTypeInfo<T> type) =>
        statement.With(name, NpgsqlDbType.Json, JsonSerializer.Serialize(value, type));

    private static T Json<T>(NpgsqlDataReader row, int column, JsonTypeInfo<T> type) =>
        JsonSerializer.Deserialize(row.GetString(column), type)
        ?? throw new InvalidDataException($"The record of sandbox {row.GetString(0)} has an empty {row.GetName(column)}.");

    private static SandboxState State(string name) =>
        WireNames.TryParseState(name, out var state) ? state : throw new InvalidDataException($"'{name}' is no state of a sandbox.");
}
