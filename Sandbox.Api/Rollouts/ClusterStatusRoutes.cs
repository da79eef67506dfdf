using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Api.Auth;
using Sandbox.Api.ClusterManagement;
using Sandbox.Api.Management;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Rollouts;
using Sandbox.Domain.Stores;
using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Status;

namespace Sandbox.Api.Rollouts;

internal static class ClusterStatusRoutes
{
    /// <summary>For each caller: of the rollout it says only what the caller may read.</summary>
    public static void MapClusterStatus(this IEndpointRouteBuilder api) =>
        api.MapGet("/cluster/status", StatusAsync).WithTags("Cluster")
            .WithSummary("How the nodes are, and how far the rollout is, checkpoint by checkpoint")
            .WithDescription($"The rollout is told to an API key with the permission {Permission.RolloutRead}.");

    public static void MapClusterHealth(this IEndpointRouteBuilder api) =>
        api.MapGet("/cluster/health", HealthAsync).WithSummary("Whether the machines of the inventory do what they are to do");

    private static async Task<Results<JsonOk<ClusterStatusResult>, JsonOk<ClusterOverviewResult>, RolloutProblemResult>> StatusAsync(
        ClusterResources resources, TenantScopedModels models, CurrentCaller caller, RolloutAccess rollout, NodeStates nodes,
        TimeProvider time, CancellationToken cancellationToken)
    {
        var overview = await resources.OverviewAsync((await models.ListAsync(cancellationToken)).Count, cancellationToken);
        if (!rollout.IsConfigured || !caller.Value.May(Permission.RolloutRead))
        {
            return new JsonOk<ClusterOverviewResult>(overview);
        }

        try
        {
            var status = StatusMessages.Of(ClusterStatus.Of(
                await rollout.Store.RecordsAsync(cancellationToken), await rollout.Store.ActiveExecutionsAsync(cancellationToken),
                await nodes.AnswerAsync(cancellationToken), time.GetUtcNow()));
            return new JsonOk<ClusterStatusResult>(status with
            {
                Healthy = overview.Healthy,
                TotalNodes = overview.TotalNodes,
                AliveNodes = overview.AliveNodes,
                TotalApplications = overview.TotalApplications,
                Resources = overview.Resources,
            });
        }
        catch (AnsibleException exception)
        {
            return RolloutProblemResult.Of(exception);
        }
    }

    private static async Task<JsonOk<ClusterHealthResult>> HealthAsync(
        RolloutAccess rollout, NodeStates nodes, CancellationToken cancellationToken) =>
        new(StatusMessages.Of(ClusterHealthReader.Read(
            await rollout.Store.RecordsAsync(cancellationToken), await nodes.AnswerAsync(cancellationToken))));
}
