namespace Sandbox.Api.ClusterManagement;

/// <summary>How this server adds nodes to its cluster, and what it tells of it. Bound from section <c>ClusterManagement</c>, checked at
/// start.</summary>
public sealed class ClusterManagementOptions
{
    public const string Section = "ClusterManagement";

    /// <summary>File with the cluster on Cloudera ML that this server is the head of (docs/serving-cml.md). Empty: it adds no
    /// nodes.</summary>
    public string ConfigFile { get; set; } = "";

    /// <summary>File that says how the cluster is reached. Empty: the one that <see cref="ConfigFile"/> names.</summary>
    public string InfoFile { get; set; } = "";

    /// <summary>Variables of a node that is added, beside those that say which one it is, where the head is, and a token with which it
    /// joins.</summary>
    public IDictionary<string, string> NodeVariables { get; } = new Dictionary<string, string>();

    /// <summary>Where the dashboard is that is shown at <c>/dashboard/</c>. Empty: none is.</summary>
    public string DashboardUrl { get; set; } = "";
}
