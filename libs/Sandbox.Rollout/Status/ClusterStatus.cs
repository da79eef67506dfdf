using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Records;

namespace Sandbox.Rollout.Status;

/// <summary>How far a rollout came, and how its cluster is.</summary>
/// <param name="CompletedCheckpoints">Those whose last run passed, in their order.</param>
/// <param name="CheckpointDetails">All of them by name, in their order.</param>
/// <param name="LastUpdated">The moment at which this was put together.</param>
public sealed record ClusterStatus(
    DeploymentStatus DeploymentStatus, IReadOnlyList<string> CompletedCheckpoints, int TotalCheckpoints,
    IReadOnlyDictionary<string, CheckpointStatus> CheckpointDetails, ClusterHealth ClusterHealth, DateTimeOffset LastUpdated)
{
    /// <param name="records">Of all checkpoints.</param>
    /// <param name="active">The runs that have not ended.</param>
    /// <param name="answer">What the cluster says now; null when it was not asked.</param>
    public static ClusterStatus Of(
        IReadOnlyList<CheckpointRecord> records, IEnumerable<Execution> active, ClusterAnswer? answer, DateTimeOffset now)
    {
        var running = active.Select(execution => execution.Checkpoint).ToHashSet();
        var details = new OrderedDictionary<string, CheckpointStatus>();
        foreach (var checkpoint in CheckpointCatalog.All)
        {
            details[checkpoint.Name] = CheckpointStatus.Of(checkpoint, records, running.Contains(checkpoint.Name));
        }

        return new ClusterStatus(
            DeploymentOf(details.Values),
            [.. details.Values.Where(detail => detail.Status is RecordStatus.Passed).Select(detail => detail.Checkpoint)],
            CheckpointCatalog.All.Length, details, ClusterHealthReader.Read(records, answer), now);
    }

    private static DeploymentStatus DeploymentOf(ICollection<CheckpointStatus> checkpoints) =>
        checkpoints.Any(checkpoint => checkpoint.Status is RecordStatus.InProgress) ? DeploymentStatus.InProgress
        : checkpoints.Any(checkpoint => checkpoint.Status is RecordStatus.Failed) ? DeploymentStatus.Failed
        : checkpoints.All(checkpoint => checkpoint.Status is RecordStatus.Passed or RecordStatus.Skipped) ? DeploymentStatus.Completed
        : DeploymentStatus.InProgress;
}
