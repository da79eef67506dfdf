using System.Text.Json;
using Sandbox.Contracts.Cluster;

namespace Sandbox.Contracts.Rollouts;

/// <summary>How far the rollout is.</summary>
/// <param name="DeploymentStatus"><c>COMPLETED</c>, <c>IN_PROGRESS</c> or <c>FAILED</c>.</param>
public sealed record ClusterStatusResult(
    string DeploymentStatus, IReadOnlyList<string> CompletedCheckpoints, int TotalCheckpoints,
    IReadOnlyDictionary<string, CheckpointStatusResult> CheckpointDetails, ClusterHealthResult ClusterHealth, DateTimeOffset LastUpdated)
{
    /// <inheritdoc cref="ClusterOverviewResult.Healthy"/>
    public bool Healthy { get; init; }

    public int TotalNodes { get; init; }

    public int AliveNodes { get; init; }

    public int TotalApplications { get; init; }

    public ClusterCapacityResult? Resources { get; init; }
}

/// <summary>Whether the machines of the inventory do what they are to do.</summary>
/// <param name="OverallStatus"><c>HEALTHY</c>, <c>DEGRADED</c>, <c>FAILED</c>, or <c>UNKNOWN</c>: nothing is known of it yet.</param>
/// <param name="RayCluster">The cluster of nodes; the name is the document's.</param>
public sealed record ClusterHealthResult(
    string OverallStatus, NodesHealthResult RayCluster, MonitoringHealthResult Monitoring, ContainersHealthResult Containers,
    EndpointsHealthResult Endpoints);

/// <param name="Nodes">How many are alive.</param>
public sealed record NodesHealthResult(string Status, int Nodes);

public sealed record MonitoringHealthResult(string Status, IReadOnlyList<MonitoringServiceResult> Services);

/// <summary>One service of the monitoring on one machine.</summary>
/// <param name="Status"><c>HEALTHY</c>, <c>FAILED</c>, or <c>SKIPPED</c>: it could not be had there.</param>
public sealed record MonitoringServiceResult(string Name, string Node, string Status);

public sealed record ContainersHealthResult(int Total, int Running);

public sealed record EndpointsHealthResult(int Healthy, int Total);

/// <summary>One node of the cluster, or machine of the inventory.</summary>
/// <param name="Role"><c>head</c> or <c>worker</c>.</param>
/// <param name="Status"><c>ONLINE</c>, <c>OFFLINE</c>, or <c>UNKNOWN</c>: it never registered with the cluster.</param>
/// <param name="SystemInfo">What the prerequisites check found; null: it has not run there.</param>
/// <param name="Containers">The sandboxes that run there, as far as the caller may know of them.</param>
/// <param name="Checkpoints">Those that passed there.</param>
public sealed record NodeDetailsResult(
    string Name, string Ip, string Role, string Status, JsonElement? SystemInfo, IReadOnlyList<NodeContainerResult> Containers,
    IReadOnlyList<string> Checkpoints);

public sealed record NodeContainerResult(string Name, string Status, string Image);

/// <summary>A dashboard of Grafana.</summary>
public sealed record DashboardResult(string Id, string Title, string Url, string Description);

/// <summary>Answer of <c>GET /api/v1/health</c>: the server is there.</summary>
public sealed record ServerHealthResult(string Status, DateTimeOffset Timestamp, string Version);
