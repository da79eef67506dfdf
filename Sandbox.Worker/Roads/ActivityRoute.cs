using System.Text.Json;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Ids;
using Sandbox.Worker.Upkeep;

namespace Sandbox.Worker.Roads;

/// <summary>Tells the head when a sandbox of this node was last used.</summary>
internal sealed class ActivityRoute(OwnActivities activities, TimeProvider time)
{
    public const string Pattern = RoadRoutes.Activity + "/{sandbox}/{incarnation}";

    public async Task HandleAsync(HttpContext http)
    {
        if (!SandboxId.TryParse(http.Request.RouteValues["sandbox"] as string, null, out var id)
            || !IncarnationId.TryParse(http.Request.RouteValues["incarnation"] as string, null, out var incarnation))
        {
            await RoadAnswers.NotHereAsync(http);
            return;
        }

        var idle = time.GetUtcNow() - await activities.LastAsync(id, incarnation, http.RequestAborted);
        http.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(
            http.Response.Body, new SandboxActivity(Math.Max(idle.TotalMilliseconds, 0)), RoadJson.Default.SandboxActivity, http.RequestAborted);
    }
}
