using Sandbox.Api.Management;
using Sandbox.Contracts.Rollouts;
using Sandbox.Rollout.Status;

namespace Sandbox.Api.Rollouts;

internal static class ClusterStatusRoutes
{
    public static void MapClusterStatus(this IEndpointRouteBuilder api)
    {
        api.MapGet("/cluster/status", StatusAsync).WithSummary("How far the rollout is, checkpoint by checkpoint");
        api.MapGet("/cluster/health", HealthAsync).WithSummary("Whether the machines of the inventory do what they are to do");
    }

    private static async Task<JsonOk<ClusterStatusResult>> StatusAsync(
        RolloutAccess rollout, NodeStates nodes, TimeProvider time, CancellationToken cancellationToken) =>
        new(StatusMessages.Of(ClusterStatus.Of(
            await rollout.Store.RecordsAsync(cancellationToken), await rollout.Store.ActiveExecutionsAsync(cancellationToken),
            await nodes.AnswerAsync(cancellationToken), time.GetUtcNow())));

    private static async Task<JsonOk<ClusterHealthResult>> HealthAsync(
        RolloutAccess rollout, NodeStates nodes, CancellationToken cancellationToken) =>
        new(StatusMessages.Of(ClusterHealthReader.Read(
            await rollout.Store.RecordsAsync(cancellationToken), await nodes.AnswerAsync(cancellationToken))));
}
