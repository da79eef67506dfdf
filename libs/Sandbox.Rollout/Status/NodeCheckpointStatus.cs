using System.Text.Json.Serialization;
using Sandbox.Rollout.Records;

namespace Sandbox.Rollout.Status;

/// <summary>What the last run of a checkpoint came to on one machine.</summary>
public sealed record NodeCheckpointStatus(
    [property: JsonConverter(typeof(StatusWordConverter<RecordStatus>))] RecordStatus Status,
    DateTimeOffset Timestamp, bool ApprovalRequired, bool DestructiveOperation);
