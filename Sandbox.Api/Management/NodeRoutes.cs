using Sandbox.Contracts.Management;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Management;

internal sealed class NodeRoutes(INodeStore nodes)
{
    public async Task ListAsync(HttpContext http)
    {
        var all = await nodes.ListAsync(http.RequestAborted);
        await ManagementBody.WriteAsync(http, [.. all.Select(ResultOf)], ManagementJson.Default.IReadOnlyListNodeResult);
    }

    public Task DrainAsync(HttpContext http) => SetAsync(http, draining: true);

    public Task UndrainAsync(HttpContext http) => SetAsync(http, draining: false);

    private async Task SetAsync(HttpContext http, bool draining) =>
        await (await nodes.SetDrainingAsync((string)http.GetRouteValue("name")!, draining, http.RequestAborted)
            ? ManagementBody.WriteNothingAsync(http)
            : Problems.NotFoundAsync(http, "There is no such node."));

    private static NodeResult ResultOf(NodeView node) => new(
        node.Facts.Name, node.StateName, node.Draining, Math.Round(node.Silence.TotalSeconds, 1), node.Facts.Address.OriginalString,
        node.Facts.HostIp, node.Facts.Version, [.. node.Facts.Deployments.Select(kind => kind.ToString().ToLowerInvariant())],
        node.Facts.Labels, node.Load.Sandboxes, CapacityOf(node.Facts.Capacity), CapacityOf(node.Load.Free), node.Load.Unavailable);

    private static NodeCapacityMessage CapacityOf(NodeCapacity capacity) => new(
        Limited(capacity.Cpus), Limited(capacity.MemoryBytes), Limited(capacity.DiskBytes), Limited(capacity.Gpus));

    private static double? Limited(double amount) => amount < double.MaxValue ? amount : null;

    private static long? Limited(long amount) => amount < long.MaxValue ? amount : null;
}
