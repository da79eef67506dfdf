using System.Collections.Immutable;

namespace Sandbox.Serving.Cml.Clusters;

/// <summary>What is kept of a cluster, so that another process can ask for it, change it and stop it.</summary>
public sealed record CmlClusterState
{
    public required string Project { get; init; }

    /// <summary>What the names of its applications begin with.</summary>
    public required string Name { get; init; }

    public ClusterApplication? Head { get; init; }

    /// <summary>Host and port; null: the head does not run yet.</summary>
    public string? HeadAddress { get; init; }

    /// <summary>Where the head's port is served; null: it is not known.</summary>
    public string? HeadUrl { get; init; }

    public ImmutableArray<ClusterApplication> Workers { get; init; } = [];

    /// <summary>Names of applications whose creation was asked for and not answered: they may be there.</summary>
    public ImmutableArray<string> Creating { get; init; } = [];

    /// <summary>Cores of a worker.</summary>
    public required double Cpu { get; init; }

    /// <summary>GiB of a worker.</summary>
    public required double Memory { get; init; }

    public required int NumGpus { get; init; }

    public required string WorkerScript { get; init; }

    public required string WorkerRuntimeIdentifier { get; init; }

    public required int HeadPort { get; init; }

    public required int DashboardPort { get; init; }

    public DateTimeOffset StartedAt { get; init; }
}
