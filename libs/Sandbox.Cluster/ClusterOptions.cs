namespace Sandbox.Cluster;

/// <summary>What all processes of one cluster have in common. Bound from section <c>Cluster</c>, checked at start.</summary>
public sealed class ClusterOptions
{
    public const string Section = "Cluster";

    /// <summary>Name of the cluster; it is on everything that its workers make, and a sweep touches nothing else.</summary>
    public string Id { get; set; } = "";

    /// <summary>What the cluster's processes know each other by, at least 32 characters. Never logged.</summary>
    public string Secret { get; set; } = "";

    /// <summary>File that holds it, instead.</summary>
    public string SecretFile { get; set; } = "";

    /// <summary>File with the secrets that the cluster had before, one a line: records that were written under them can be read. Empty:
    /// none.</summary>
    public string FormerSecretFile { get; set; } = "";

    /// <summary>What a create gets while no node has capacity for it: <c>queue</c> accepts it and it waits, <c>refuse</c>
    /// answers that there is no capacity. What fits no node at all is refused in either case.</summary>
    public string WhenFull { get; set; } = "queue";
}
