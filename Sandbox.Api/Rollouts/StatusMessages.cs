using Sandbox.Contracts.Rollouts;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Status;

namespace Sandbox.Api.Rollouts;

/// <summary>Status and health as they travel.</summary>
internal static class StatusMessages
{
    public static ClusterStatusResult Of(ClusterStatus status) => new(
        StatusWord.Of(status.DeploymentStatus), status.CompletedCheckpoints, status.TotalCheckpoints,
        status.CheckpointDetails.ToDictionary(detail => detail.Key, detail => Of(detail.Value)), Of(status.ClusterHealth),
        status.LastUpdated);

    public static CheckpointStatusResult Of(CheckpointStatus status) => new(
        status.Checkpoint, StatusWord.Of(status.Status), status.Nodes.ToDictionary(node => node.Key, node => Of(node.Value)),
        status.TotalNodes, status.PassedNodes, status.Message);

    public static ClusterHealthResult Of(ClusterHealth health) => new(
        StatusWord.Of(health.OverallStatus), new NodesHealthResult(StatusWord.Of(health.Cluster.Status), health.Cluster.Nodes),
        new MonitoringHealthResult(
            StatusWord.Of(health.Monitoring.Status),
            [.. health.Monitoring.Services.Select(
                service => new MonitoringServiceResult(service.Name, service.Node, StatusWord.Of(service.Status)))]),
        new ContainersHealthResult(health.Containers.Total, health.Containers.Running),
        new EndpointsHealthResult(health.Endpoints.Healthy, health.Endpoints.Total));

    private static CheckpointNodeResult Of(NodeCheckpointStatus node) =>
        new(StatusWord.Of(node.Status), node.Timestamp, node.ApprovalRequired, node.DestructiveOperation);
}
