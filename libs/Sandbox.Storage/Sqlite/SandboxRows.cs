using System.Text.Json;
using Microsoft.Data.Sqlite;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Sqlite;

/// <summary>A record as a row of <c>sandboxes</c> with its rows of <c>history</c>.</summary>
internal static class SandboxRows
{
    // Read by position below.
    private const string Columns =
        "id, version, state, incarnation, user_id, experiment_id, namespace, cluster_name, image, deployment, cpus, " +
        "memory_bytes, disk_bytes, host_name, host_ip, created_at, started_at, stopped_at, archived_at, deleted_at, " +
        "idle_deadline, passing_deadline, auto_transition_state, auto_transition_at, facts, spec, tenant";

    /// <summary>The same, without what is large.</summary>
    private static readonly string BriefColumns = Columns
        .Replace(" facts,", " json_remove(facts, '$.live_snapshot'),", StringComparison.Ordinal)
        .Replace(
            " spec,",
            " json_object('metadata', spec -> '$.metadata', 'num_gpus', spec -> '$.num_gpus', "
                + "'accelerator_type', spec -> '$.accelerator_type', 'encrypted_authorization', spec -> '$.encrypted_authorization'),",
            StringComparison.Ordinal);

    public static SandboxInstance? Find(SqliteConnection connection, SandboxId id) =>
        Select(connection, "WHERE id = $id", ("$id", id.ToString())).SingleOrDefault();

    /// <param name="rest">What follows the columns and the table: conditions, order, limit.</param>
    public static List<SandboxInstance> Select(
        SqliteConnection connection, string rest, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        Select(connection, Columns, SpecOf, rest, parameters);

    /// <summary>Records that are only shown.</summary>
    public static List<SandboxInstance> SelectBrief(
        SqliteConnection connection, string rest, params ReadOnlySpan<(string Name, object? Value)> parameters) =>
        Select(connection, BriefColumns, ShownSpecOf, rest, parameters);

    private static List<SandboxInstance> Select(
        SqliteConnection connection, string columns, Func<SqliteDataReader, SandboxSpec> spec, string rest,
        ReadOnlySpan<(string Name, object? Value)> parameters) =>
        HistoryRows.AddTo(
            Sql.Rows(connection, $"SELECT {columns} FROM sandboxes {rest}", row => Read(row, spec(row)), parameters), connection);

    public static void Insert(SqliteConnection connection, SandboxInstance record)
    {
        using var command = Sql.Command(connection, $"""
            INSERT INTO sandboxes ({Columns}, due_at, limit_cpus, gpus) VALUES (
                $id, $version, $state, $incarnation, $user_id, $experiment_id, $namespace, $cluster_name, $image, $deployment, $cpus,
                $memory_bytes, $disk_bytes, $host_name, $host_ip, $created_at, $started_at, $stopped_at, $archived_at, $deleted_at,
                $idle_deadline, $passing_deadline, $auto_transition_state, $auto_transition_at, $facts, $spec, $tenant, $due_at,
                $limit_cpus, $gpus)
            """, ("$spec", JsonSerializer.Serialize(record.Spec, RecordJson.Default.SandboxSpec)));
        AddIdentity(command, record);
        AddFacts(command, record);
        command.ExecuteNonQuery();
    }

    /// <summary>Writes everything (the incarnation too: a restore begins a new one) but the identity, and the spec only where it becomes a
    /// tombstone's, if the row is still of that life, and has its version and state.</summary>
    public static bool TryUpdate(SqliteConnection connection, SandboxInstance next, SandboxInstance was)
    {
        using var command = Sql.Command(connection, """
            UPDATE sandboxes SET
                version = $version, state = $state, incarnation = $incarnation, host_name = $host_name, host_ip = $host_ip, started_at = $started_at,
                stopped_at = $stopped_at, archived_at = $archived_at, deleted_at = $deleted_at, idle_deadline = $idle_deadline,
                passing_deadline = $passing_deadline, auto_transition_state = $auto_transition_state,
                auto_transition_at = $auto_transition_at, facts = $facts, due_at = $due_at, spec = coalesce($tombstone_spec, spec)
            WHERE id = $id AND version = $was_version AND state = $was_state AND incarnation = $was_incarnation
            """, ("$id", next.Id.ToString()), ("$was_version", was.Version), ("$was_state", was.State.Name()), ("$was_incarnation", was.Incarnation.ToString()));
        AddFacts(command, next);
        Add(
            command, "$tombstone_spec",
            next.State is SandboxState.Deleted ? JsonSerializer.Serialize(next.Spec, RecordJson.Default.SandboxSpec) : null);
        return command.ExecuteNonQuery() == 1;
    }

    /// <summary>Writes the spec only, if the row is still of that life, version and state, and its egress one revision behind.</summary>
    public static bool TryReplaceSpec(SqliteConnection connection, SandboxInstance next) => Sql.Execute(
        connection,
        """
        UPDATE sandboxes SET spec = $spec
        WHERE id = $id AND version = $version AND state = $state AND incarnation = $incarnation
            AND coalesce(json_extract(spec, '$.egress.revision'), 0) = $revision - 1
        """,
        ("$revision", next.Spec.Egress?.Revision), ("$spec", JsonSerializer.Serialize(next.Spec, RecordJson.Default.SandboxSpec)),
        ("$id", next.Id.ToString()), ("$version", next.Version), ("$state", next.State.Name()),
        ("$incarnation", next.Incarnation.ToString())) == 1;

    public static void Remove(SqliteConnection connection, SandboxId id) =>
        Sql.Execute(connection, "DELETE FROM sandboxes WHERE id = $id", ("$id", id.ToString()));

    private static void AddIdentity(SqliteCommand command, SandboxInstance record)
    {
        Add(command, "$id", record.Id.ToString());
        Add(command, "$tenant", record.Tenant);
        Add(command, "$user_id", record.Owner.UserId);
        Add(command, "$experiment_id", record.Owner.ExperimentId);
        Add(command, "$namespace", record.Owner.Namespace);
        Add(command, "$cluster_name", record.Owner.Cluster);
        Add(command, "$image", record.Spec.Image);
        Add(command, "$deployment", record.Spec.Deployment.ToString());
        Add(command, "$cpus", record.Spec.Cpus);
        Add(command, "$memory_bytes", record.Spec.MemoryBytes);
        Add(command, "$disk_bytes", record.Spec.DiskBytes);
        Add(command, "$limit_cpus", QuotaDemand.CpusOf(record.Spec));
        Add(command, "$gpus", QuotaDemand.GpusOf(record.Spec));
        Add(command, "$created_at", Sql.Moment(record.CreatedAt));
    }

    private static void AddFacts(SqliteCommand command, SandboxInstance record)
    {
        Add(command, "$version", record.Version);
        Add(command, "$state", record.State.Name());
        Add(command, "$incarnation", record.Incarnation.ToString());
        Add(command, "$host_name", record.HostName);
        Add(command, "$host_ip", record.HostIp);
        Add(command, "$started_at", Sql.Moment(record.StartedAt));
        Add(command, "$stopped_at", Sql.Moment(record.StoppedAt));
        Add(command, "$archived_at", Sql.Moment(record.ArchivedAt));
        Add(command, "$deleted_at", Sql.Moment(record.DeletedAt));
        Add(command, "$idle_deadline", Sql.Moment(record.IdleDeadline));
        Add(command, "$passing_deadline", Sql.Moment(record.TransientDeadline));
        Add(command, "$auto_transition_state", record.AutoTransitionState?.Name());
        Add(command, "$auto_transition_at", Sql.Moment(record.AutoTransitionAt));
        Add(command, "$due_at", Sql.Moment(Deadlines.NextOf(record)));
        Add(command, "$facts", JsonSerializer.Serialize(FactsOf(record), RecordJson.Default.RecordFacts));
    }

    private static void Add(SqliteCommand command, string name, object? value) =>
        command.Parameters.AddWithValue(name, value ?? DBNull.Value);

    private static RecordFacts FactsOf(SandboxInstance record) => new()
    {
        Phases = record.Phases,
        Reason = record.Reason,
        EffectiveDiskBytes = record.EffectiveDiskBytes,
        EffectiveLogBytes = record.EffectiveLogBytes,
        EffectiveNetwork = record.EffectiveNetwork,
        LiveSnapshot = record.LiveSnapshot,
        Archive = record.Archive,
    };

    private static SandboxInstance Read(SqliteDataReader row, SandboxSpec spec)
    {
        var facts = JsonSerializer.Deserialize(row.GetString(24), RecordJson.Default.RecordFacts)
            ?? throw new InvalidDataException($"The record of sandbox {row.GetString(0)} has no facts.");
        return new SandboxInstance
        {
            Id = SandboxId.Parse(row.GetString(0)),
            Version = row.GetInt64(1),
            State = State(row.GetString(2)),
            Incarnation = IncarnationId.Parse(row.GetString(3)),
            Tenant = row.GetString(26),
            Owner = new SandboxOwner(row.GetString(4), row.GetString(5), row.GetString(6), row.GetString(7)),
            Spec = spec,
            HostName = Sql.TextOrNull(row, 13),
            HostIp = Sql.TextOrNull(row, 14),
            CreatedAt = Sql.Moment(row.GetInt64(15)),
            StartedAt = Sql.MomentOrNull(row, 16),
            StoppedAt = Sql.MomentOrNull(row, 17),
            ArchivedAt = Sql.MomentOrNull(row, 18),
            DeletedAt = Sql.MomentOrNull(row, 19),
            IdleDeadline = Sql.MomentOrNull(row, 20),
            TransientDeadline = Sql.MomentOrNull(row, 21),
            AutoTransitionState = row.IsDBNull(22) ? null : State(row.GetString(22)),
            AutoTransitionAt = Sql.MomentOrNull(row, 23),
            Phases = [.. facts.Phases],
            Reason = facts.Reason,
            EffectiveDiskBytes = facts.EffectiveDiskBytes,
            EffectiveLogBytes = facts.EffectiveLogBytes,
            EffectiveNetwork = facts.EffectiveNetwork,
            LiveSnapshot = facts.LiveSnapshot,
            Archive = facts.Archive,
        };
    }

    private static SandboxSpec SpecOf(SqliteDataReader row) => row.IsDBNull(25)
        ? FlatSpecOf(row)
        : JsonSerializer.Deserialize(row.GetString(25), RecordJson.Default.SandboxSpec)
            ?? throw new InvalidDataException($"The record of sandbox {row.GetString(0)} has an empty spec.");

    private static SandboxSpec FlatSpecOf(SqliteDataReader row) => SandboxSpec.FromFlatFields(
        Enum.Parse<DeploymentKind>(row.GetString(9)), row.GetString(8), row.GetDouble(10), row.GetInt64(11),
        row.IsDBNull(12) ? null : row.GetInt64(12));

    private static SandboxSpec ShownSpecOf(SqliteDataReader row) =>
        JsonSerializer.Deserialize(row.GetString(25), RecordJson.Default.ShownSpec)!.AddTo(FlatSpecOf(row));

    private static SandboxState State(string name) =>
        WireNames.TryParseState(name, out var state) ? state : throw new InvalidDataException($"'{name}' is no state of a sandbox.");
}
