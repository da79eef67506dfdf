using System.Text.Json;
using Sandbox.Cluster;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Ids;
using Sandbox.Node.Reconciliation;

namespace Sandbox.Node.NodeApi;

/// <summary>Tells the head when a sandbox of this node was last used.</summary>
internal sealed class ActivityRoute(NodeActivities activities, TimeProvider time)
{
    public const string Pattern = NodeApiRoutes.Activity + "/{sandbox}/{incarnation}";

    public async Task HandleAsync(HttpContext http)
    {
        if (!SandboxId.TryParse(http.Request.RouteValues["sandbox"] as string, null, out var id)
            || !IncarnationId.TryParse(http.Request.RouteValues["incarnation"] as string, null, out var incarnation))
        {
            await NodeApiResponses.NotHereAsync(http);
            return;
        }

        var idle = time.GetUtcNow() - await activities.LastAsync(id, incarnation, http.RequestAborted);
        http.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(
            http.Response.Body, new SandboxActivity(Math.Max(idle.TotalMilliseconds, 0)), NodeApiJson.Default.SandboxActivity,
            http.RequestAborted);
    }
}
