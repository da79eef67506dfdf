using System.Text.Json;

namespace Sandbox.Rollout.Records;

/// <summary>What the last run of a checkpoint came to on one machine; a new run of it takes its place as it begins.</summary>
/// <param name="Detail">What the playbook tells of the machine; what failed, where it failed.</param>
public sealed record CheckpointRecord(
    string Checkpoint, string Node, Guid Execution, RecordStatus Status, DateTimeOffset Timestamp, JsonElement Detail);
