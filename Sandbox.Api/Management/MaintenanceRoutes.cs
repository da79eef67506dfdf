using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;

namespace Sandbox.Api.Management;

/// <summary>The maintenance tasks of the nodes.</summary>
internal static class MaintenanceRoutes
{
    private const int MostNames = 1000;

    public static void MapMaintenance(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("").WithTags("Nodes");
        group.MapGet("/maintenance", ReadAsync)
            .WithSummary("The maintenance tasks of each node: when they come, which run and how far they are");
        group.MapPost("/maintenance", RunAsync)
            .WithSummary("Has nodes do a maintenance task now; answers when it has ended everywhere, or begun (wait)");
    }

    private static async Task<JsonOk<IReadOnlyList<NodeMaintenanceReport>>> ReadAsync(
        INodeMaintenance nodes, CancellationToken cancellationToken) => new(await nodes.ReadAsync(cancellationToken));

    private static async Task<Results<JsonOk<IReadOnlyList<MaintenanceRun>>, ProblemResult>> RunAsync(
        JsonBody<MaintenanceRequest> body, INodeMaintenance nodes, CancellationToken cancellationToken)
    {
        if (await body.ReadAsync(cancellationToken) is { } problem)
        {
            return problem;
        }

        var request = body.Value;
        if (WhyRefused(request) is { } reason)
        {
            return ProblemResult.BadRequest(reason);
        }

        var order = new MaintenanceOrder(Guid.NewGuid().ToString("N"), request.Task!, request.Images ?? [])
        {
            WaitsForEnd = request.Wait,
        };
        return new JsonOk<IReadOnlyList<MaintenanceRun>>(await nodes.RunAsync(order, request.Nodes ?? [], cancellationToken));
    }

    private static string? WhyRefused(MaintenanceRequest request) =>
        request.Task is not { } task || !MaintenanceTasks.All.Contains(task)
            ? $"task is none of {string.Join(", ", MaintenanceTasks.All)}."
        : request.Images is { Count: > 0 } && task is not MaintenanceTasks.ImagePull
            ? $"images are only for {MaintenanceTasks.ImagePull}."
        : request.Images?.Count > MostNames || request.Nodes?.Count > MostNames ? $"images and nodes are at most {MostNames} each."
        : request.Nodes?.Contains(null!) is true ? "nodes has a null in it."
        : request.Images?.Select(image => image is null ? "has a null in it" : ImageReference.WhyRefused(image))
            .FirstOrDefault(why => why is not null) is { } why ? $"images: one {why}."
        : null;
}
