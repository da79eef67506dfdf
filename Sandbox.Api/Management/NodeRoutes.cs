using Microsoft.AspNetCore.Http.HttpResults;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Management;

internal static class NodeRoutes
{
    public static void MapNodes(this IEndpointRouteBuilder api)
    {
        var group = api.MapGroup("").WithTags("Nodes");
        group.MapPost("/nodes/{name}/drain", DrainAsync).WithSummary("Lets a node take no new sandboxes");
        group.MapPost("/nodes/{name}/undrain", UndrainAsync).WithSummary("Lets it take new sandboxes again");
    }

    private static Task<Results<NoContent, ProblemResult>> DrainAsync(
        string name, INodeStore nodes, CancellationToken cancellationToken) => SetAsync(nodes, name, draining: true, cancellationToken);

    private static Task<Results<NoContent, ProblemResult>> UndrainAsync(
        string name, INodeStore nodes, CancellationToken cancellationToken) => SetAsync(nodes, name, draining: false, cancellationToken);

    private static async Task<Results<NoContent, ProblemResult>> SetAsync(
        INodeStore nodes, string name, bool draining, CancellationToken cancellationToken) =>
        await nodes.SetDrainingAsync(name, draining, cancellationToken)
            ? TypedResults.NoContent()
            : ProblemResult.NotFound("There is no such node.");

    /// <summary>A node as it travels, without what the rollout knows of it.</summary>
    public static NodeResult ResultOf(NodeView node) => new(
        node.Facts.Name, node.StateName, node.Draining, Math.Round(node.Silence.TotalSeconds, 1), node.Facts.Address.OriginalString,
        node.Facts.HostIp, node.Facts.Version, [.. node.Facts.Deployments.Select(kind => kind.ToString().ToLowerInvariant())],
        node.Facts.Labels, node.Load.Sandboxes, CapacityOf(node.Facts.Capacity), CapacityOf(node.Load.Free), node.Load.Unavailable);

    private static NodeCapacityMessage CapacityOf(NodeCapacity capacity) => new(
        Limited(capacity.Cpus), Limited(capacity.MemoryBytes), Limited(capacity.DiskBytes), Limited(capacity.Gpus));

    private static double? Limited(double amount) => amount < double.MaxValue ? amount : null;

    private static long? Limited(long amount) => amount < long.MaxValue ? amount : null;
}
