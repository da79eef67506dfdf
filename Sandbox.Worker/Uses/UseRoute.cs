using System.Text.Json;
using Sandbox.Contracts.Cluster;

namespace Sandbox.Worker.Uses;

/// <summary>Tells the APIs what this node and its sandboxes use.</summary>
internal sealed class UseRoute(OwnUse use)
{
    public async Task HandleAsync(HttpContext http)
    {
        var own = (await use.ReadAsync(http.RequestAborted))[0];
        http.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(http.Response.Body, own, RoadJson.Default.NodeUse, http.RequestAborted);
    }
}
