using System.Text.Json;
using Sandbox.Contracts.Cluster;
using Sandbox.Node.Diagnostics;

namespace Sandbox.Node.NodeApi;

/// <summary>Tells the APIs what is in effect on this node.</summary>
internal sealed class NodeDiagnosticsEndpoint(NodeDiagnosticsCollector collector)
{
    public async Task HandleAsync(HttpContext http)
    {
        var own = await collector.CollectAsync(http.RequestAborted);
        http.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(http.Response.Body, own, NodeApiJson.Default.NodeDiagnostics, http.RequestAborted);
    }
}
