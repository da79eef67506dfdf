using System.Text.Json;
using Sandbox.Contracts.Cluster;
using Sandbox.Node.Usage;

namespace Sandbox.Node.NodeApi;

/// <summary>Tells the APIs what this node and its sandboxes use.</summary>
internal sealed class NodeUsageEndpoint(NodeUsageMeter meter)
{
    public async Task HandleAsync(HttpContext http)
    {
        var own = (await meter.ReadAsync(http.RequestAborted))[0];
        http.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(http.Response.Body, own, NodeApiJson.Default.NodeUsageSample, http.RequestAborted);
    }
}
