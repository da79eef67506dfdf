using System.Collections.Immutable;

namespace Sandbox.Serving.Clusters;

/// <summary>How a cluster is.</summary>
/// <param name="IsRunning">Its head runs.</param>
/// <param name="Address">Of the head, as host and port; null: there is none.</param>
/// <param name="Workers">In the order in which they were added.</param>
/// <param name="Messages">What is not as it should be.</param>
public sealed record ClusterReport(
    bool IsRunning, string? Address, ImmutableArray<WorkerReport> Workers, ImmutableArray<string> Messages)
{
    public static ClusterReport NotStarted { get; } = new(false, null, [], []);
}
