using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;

namespace Sandbox.Storage;

/// <summary>Approvals, runs and records of rollouts, as text.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(Approval))]
[JsonSerializable(typeof(Execution))]
[JsonSerializable(typeof(CheckpointRecord))]
internal sealed partial class RolloutJson : JsonSerializerContext
{
    public static string Write(Approval approval) => JsonSerializer.Serialize(approval, Default.Approval);

    public static string Write(Execution execution) => JsonSerializer.Serialize(execution, Default.Execution);

    public static string Write(CheckpointRecord record) => JsonSerializer.Serialize(record, Default.CheckpointRecord);

    public static Approval ReadApproval(string text) =>
        JsonSerializer.Deserialize(text, Default.Approval) ?? throw new InvalidDataException("An approval is empty.");

    public static Execution ReadExecution(string text) =>
        JsonSerializer.Deserialize(text, Default.Execution) ?? throw new InvalidDataException("A run is empty.");

    public static CheckpointRecord ReadRecord(string text) =>
        JsonSerializer.Deserialize(text, Default.CheckpointRecord) ?? throw new InvalidDataException("A record is empty.");
}
