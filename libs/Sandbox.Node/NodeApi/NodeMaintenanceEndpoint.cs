using System.Text.Json;
using Sandbox.Contracts.Cluster;
using Sandbox.Node.Maintenance;

namespace Sandbox.Node.NodeApi;

/// <summary>Tells the APIs of this node's maintenance tasks, and does those that they ask for.</summary>
internal sealed class NodeMaintenanceEndpoint(NodeMaintenance maintenance)
{
    public Task HandleReadAsync(HttpContext http)
    {
        http.Response.ContentType = "application/json";
        return JsonSerializer.SerializeAsync(
            http.Response.Body, maintenance.Report(), NodeApiJson.Default.NodeMaintenanceReport, http.RequestAborted);
    }

    /// <summary>The body is signed by a process of the cluster, and no larger than such bodies are.</summary>
    public async Task HandleRunAsync(HttpContext http)
    {
        if (await OrderAsync(http) is not { } order)
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        var run = await maintenance.RunHereAsync(order, http.RequestAborted);
        http.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(http.Response.Body, run, NodeApiJson.Default.MaintenanceRun, http.RequestAborted);
    }

    private static async Task<MaintenanceOrder?> OrderAsync(HttpContext http)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(http.Request.Body, NodeApiJson.Default.MaintenanceOrder, http.RequestAborted)
                is { Id.Length: > 0, Task: not null, Images: not null } order ? order : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
