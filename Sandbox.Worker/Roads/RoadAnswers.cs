using Sandbox.Contracts.Cluster;

namespace Sandbox.Worker.Roads;

/// <summary>Answers that are this worker's own. Their mark is taken off whatever an agent answers.</summary>
internal static class RoadAnswers
{
    public static Task WriteAsync(HttpContext http, int status, string what, string reason)
    {
        http.Response.StatusCode = status;
        http.Response.Headers[RoadRoutes.OwnAnswer] = what;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(reason, http.RequestAborted);
    }

    public static Task LeavingAsync(HttpContext http) =>
        WriteAsync(http, StatusCodes.Status503ServiceUnavailable, RoadRoutes.Leaving, "this node is being restarted or ended");

    public static Task NotHereAsync(HttpContext http) =>
        WriteAsync(http, StatusCodes.Status421MisdirectedRequest, RoadRoutes.NotHere, "no such incarnation runs on this node");
}
