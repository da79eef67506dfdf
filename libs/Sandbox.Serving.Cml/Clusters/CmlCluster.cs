using System.Collections.Immutable;

namespace Sandbox.Serving.Cml.Clusters;

/// <summary>A cluster that was started.</summary>
/// <param name="Warnings">Workers that do not run yet, with the reason.</param>
public sealed record CmlCluster(CmlClusterState State, ImmutableArray<string> Warnings);
