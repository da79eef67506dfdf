namespace Sandbox.Contracts.Cluster;

/// <summary>How the nodes of the cluster are, to a caller who may not read more.</summary>
/// <param name="Healthy">There are nodes, and all of them are alive.</param>
/// <param name="TotalApplications">Those that the caller may see.</param>
public sealed record ClusterOverviewResult(
    bool Healthy, int TotalNodes, int AliveNodes, int TotalApplications, ClusterCapacityResult Resources);

/// <summary>What the nodes that are alive have and what is free of it. What a node does not limit is left out.</summary>
/// <param name="TotalCpus">Cores.</param>
/// <param name="AvailableCpus">Cores.</param>
/// <param name="TotalMemory">GiB.</param>
/// <param name="AvailableMemory">GiB.</param>
/// <param name="UtilizationPercent">Cores in use of all, with two decimals.</param>
public sealed record ClusterCapacityResult(
    double TotalCpus, double AvailableCpus, double TotalMemory, double AvailableMemory, double TotalGpus, double AvailableGpus,
    double UtilizationPercent);

/// <summary>How the cluster is reached.</summary>
/// <param name="HeadAddress">Host and port for nodes.</param>
/// <param name="RayVersion">The version of what runs there. Clients call the cluster "ray".</param>
public sealed record ClusterInfoResult(
    string HeadAddress, string DashboardUrl, string ManagementApiUrl, string RayVersion, string ClusterName);

/// <summary>The nodes, also those that were added and have not come yet.</summary>
public sealed record ResourceNodesResult(IReadOnlyList<ResourceNodeResult> Nodes, int TotalNodes, int AliveNodes);

/// <param name="NodeType"><c>head</c>, <c>worker</c> or <c>gpu-worker</c>.</param>
/// <param name="CmlAppId">The application of Cloudera ML that it is; null: it is none.</param>
/// <param name="Resources"><c>CPU</c> in cores, <c>memory</c> in bytes, <c>GPU</c>; what is not limited is left out.</param>
/// <param name="ResourcesUsed">The same, of what is not free.</param>
public sealed record ResourceNodeResult(
    string NodeId, string NodeName, string NodeType, string? CmlAppId, string? CmlAppName, bool Alive,
    IReadOnlyDictionary<string, double> Resources, IReadOnlyDictionary<string, double> ResourcesUsed);

/// <summary>Body of <c>POST /api/v1/resources/nodes/add</c>.</summary>
/// <param name="Cpu">Cores, 1 to 32; null: 4.</param>
/// <param name="Memory">GiB, 4 to 128; null: 16.</param>
/// <param name="NodeType"><c>worker</c> or <c>gpu-worker</c>; null: worker.</param>
public sealed record AddNodeRequest(double? Cpu = null, double? Memory = null, string? NodeType = null);

/// <param name="Status"><c>launching</c>: it is a node when it has joined.</param>
public sealed record AddedNodeResult(string Status, string AppId, string AppName, double Cpu, double Memory, string NodeType);

/// <param name="Status"><c>removed</c>.</param>
public sealed record RemovedNodeResult(string Status, string AppId);
