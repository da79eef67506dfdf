using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Records;

namespace Sandbox.Rollout.Status;

/// <summary>What the last run of a checkpoint came to on all of its machines together.</summary>
/// <param name="Nodes">By the machines' names; empty while it runs and when it never ran.</param>
/// <param name="Message">One sentence for people.</param>
public sealed record CheckpointStatus(
    string Checkpoint,
    [property: JsonConverter(typeof(StatusWordConverter<RecordStatus>))] RecordStatus Status,
    IReadOnlyDictionary<string, NodeCheckpointStatus> Nodes, int TotalNodes, int PassedNodes, string Message)
{
    /// <param name="records">Of any checkpoints: those of this one count.</param>
    public static CheckpointStatus Of(Checkpoint checkpoint, IEnumerable<CheckpointRecord> records, bool isRunning)
    {
        List<CheckpointRecord> own =
            [.. records.Where(record => record.Checkpoint == checkpoint.Name).OrderBy(record => record.Node, StringComparer.Ordinal)];
        var nodes = new OrderedDictionary<string, NodeCheckpointStatus>();
        foreach (var record in own)
        {
            nodes[record.Node] = new NodeCheckpointStatus(
                record.Status, record.Timestamp, checkpoint.RequiresApproval, checkpoint.IsDestructive);
        }

        var status = isRunning ? RecordStatus.InProgress
            : own.Count == 0 ? RecordStatus.NotFound
            : own.Any(record => record.Status is RecordStatus.Failed) ? RecordStatus.Failed
            : own.All(record => record.Status is RecordStatus.Skipped) ? RecordStatus.Skipped
            : RecordStatus.Passed;
        var passed = own.Count(record => record.Status is RecordStatus.Passed);
        return new CheckpointStatus(checkpoint.Name, status, nodes, own.Count, passed, MessageOf(status, own, passed));
    }

    private static string MessageOf(RecordStatus status, List<CheckpointRecord> records, int passed) => status switch
    {
        RecordStatus.NotFound => "it never ran",
        RecordStatus.InProgress => "a run is under way",
        RecordStatus.Failed => FailureOf(records),
        RecordStatus.Skipped => "skipped on all machines",
        _ => $"passed on {passed} of {records.Count} machines",
    };

    private static string FailureOf(List<CheckpointRecord> records)
    {
        List<CheckpointRecord> failed = [.. records.Where(record => record.Status is RecordStatus.Failed)];
        var error = failed[0].Detail is { ValueKind: JsonValueKind.Object } detail && detail.TryGetProperty("error", out var told)
            ? $": {told}" : "";
        var others = failed.Count > 1 ? $"; and on {failed.Count - 1} more" : "";
        return $"failed on {failed[0].Node}{error}{others}";
    }
}
