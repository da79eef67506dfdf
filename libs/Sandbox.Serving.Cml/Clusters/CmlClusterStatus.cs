using System.Collections.Immutable;

namespace Sandbox.Serving.Cml.Clusters;

/// <param name="Status"><c>running</c>, <c>not_started</c> or <c>error</c>.</param>
/// <param name="Address">Of the head.</param>
public sealed record CmlClusterStatus(
    string Status, ApplicationStatus? Head, string? Address, ImmutableArray<ApplicationStatus> Workers)
{
    public bool Running => Status is "running";

    /// <summary>The head and the workers.</summary>
    public int TotalNodes => (Head is null ? 0 : 1) + Workers.Length;
}
