using System.Collections.Frozen;
using System.Globalization;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Domain.Stores;

/// <summary>
/// The allow-list of the live entry and the projection of a record on it. Values are what JSON
/// knows: text, numbers, booleans, null, lists and maps of these. Record-only columns (spec, snapshot, version …) are not
/// declared here and therefore never get in; nor does the environment, which may hold secrets.
/// </summary>
public static class LiveFields
{
    public static FrozenSet<string> Allowed { get; } = FrozenSet.Create(
        StringComparer.Ordinal,
        "host_ip", "host_name", "image", "metadata", "user_id", "experiment_id", "namespace", "cluster_name",
        "sandbox_id", "auth_token", "rock_authorization_encrypted", "phases", "state", "port_mapping",
        "create_user_gray_flag", "cpus", "memory", "num_gpus", "accelerator_type", "disk", "create_time", "start_time",
        "stop_time", "delete_time", "archive_time", "auto_transition_state", "auto_transition_time",
        "auto_archive_seconds", "auto_delete_seconds", "archive_prefix", "registry_namespace", "extended_params",
        "state_history");

    /// <summary>Only the declared fields of <paramref name="fields"/>; applied by every write of a live entry.</summary>
    public static IReadOnlyDictionary<string, object?> Pick(IEnumerable<KeyValuePair<string, object?>> fields) =>
        fields.Where(field => Allowed.Contains(field.Key)).ToDictionary(StringComparer.Ordinal);

    /// <summary>The declared fields of both, <paramref name="over"/> going before <paramref name="below"/>.</summary>
    public static IReadOnlyDictionary<string, object?> Merge(
        IReadOnlyDictionary<string, object?> below, IReadOnlyDictionary<string, object?> over) =>
        Pick(over.Concat(below.Where(field => !over.ContainsKey(field.Key))));

    /// <summary>What a record says about the declared fields. A field that the record does not know is absent, so that
    /// merging it over an entry keeps what the entry has.</summary>
    public static IReadOnlyDictionary<string, object?> Of(SandboxInstance record)
    {
        var fields = new Dictionary<string, object?>(StringComparer.Ordinal)
        {
            ["sandbox_id"] = record.Id.ToString(),
            ["state"] = record.State.Name(),
            ["phases"] = record.Phases.ToDictionary(phase => phase.Name, object? (phase) => PhaseFields(phase)),
            ["state_history"] = record.History.Select(object? (change) => ChangeFields(change)).ToList(),
            ["create_time"] = Text(record.CreatedAt),
            ["start_time"] = Text(record.StartedAt),
            ["stop_time"] = Text(record.StoppedAt),
            ["archive_time"] = Text(record.ArchivedAt),
            ["delete_time"] = Text(record.DeletedAt),
            ["auto_transition_state"] = record.AutoTransitionState?.Name(),
            ["auto_transition_time"] = Text(record.AutoTransitionAt),
        };
        AddSpec(fields, record);
        AddKnown(fields, "host_ip", record.HostIp);
        AddKnown(fields, "host_name", record.HostName);
        return fields;
    }

    private static void AddSpec(Dictionary<string, object?> fields, SandboxInstance record)
    {
        var (spec, owner) = (record.Spec, record.Owner);
        (fields["user_id"], fields["experiment_id"]) = (owner.UserId, owner.ExperimentId);
        (fields["namespace"], fields["cluster_name"]) = (owner.Namespace, owner.Cluster);
        fields["image"] = spec.Image;
        (fields["cpus"], fields["memory"], fields["disk"]) = (spec.Cpus, spec.MemoryBytes, record.EffectiveDiskBytes ?? spec.DiskBytes);
        (fields["num_gpus"], fields["accelerator_type"]) = (spec.NumGpus, spec.AcceleratorType);
        fields["auto_archive_seconds"] = spec.AutoArchive?.TotalSeconds;
        fields["auto_delete_seconds"] = spec.AutoDelete?.TotalSeconds;
        (fields["metadata"], fields["extended_params"]) = (Map(spec.Metadata), Map(spec.ExtendedParams));
    }

    private static Dictionary<string, object?> PhaseFields(SandboxPhase phase) => new(StringComparer.Ordinal)
    {
        ["status"] = phase.Status.Name(),
        ["message"] = phase.Message,
        ["started_at"] = Text(phase.StartedAt),
        ["completed_at"] = Text(phase.CompletedAt),
    };

    private static Dictionary<string, object?> ChangeFields(StateChange change) => new(StringComparer.Ordinal)
    {
        ["from_state"] = change.From.Name(),
        ["to_state"] = change.To.Name(),
        ["event"] = change.On.Name(),
        ["timestamp"] = Text(change.At),
    };

    private static Dictionary<string, object?> Map(IReadOnlyDictionary<string, string> map) =>
        map.ToDictionary(entry => entry.Key, object? (entry) => entry.Value, StringComparer.Ordinal);

    private static void AddKnown(Dictionary<string, object?> fields, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            fields[name] = value;
        }
    }

    private static string? Text(DateTimeOffset? moment) => moment?.ToString("O", CultureInfo.InvariantCulture);
}
