using System.Text.Json.Serialization;

namespace Sandbox.Rollout.Status;

/// <summary>How a cluster is, part by part. <see cref="ClusterHealthReader"/> finds it out.</summary>
/// <param name="Cluster">On the wire by the name that the interface's clients know.</param>
public sealed record ClusterHealth(
    HealthStatus OverallStatus, [property: JsonPropertyName("ray_cluster")] NodesHealth Cluster, MonitoringHealth Monitoring,
    ContainerCount Containers, EndpointCount Endpoints);
