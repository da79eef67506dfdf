using Sandbox.Cluster;

namespace Sandbox.Node.NodeApi;

/// <summary>Answers that are this worker's own. Their mark is taken off whatever an agent answers.</summary>
internal static class NodeApiResponses
{
    public static Task WriteAsync(HttpContext http, int status, string what, string reason)
    {
        http.Response.StatusCode = status;
        http.Response.Headers[NodeApiRoutes.OwnAnswer] = what;
        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync(reason, http.RequestAborted);
    }

    public static Task LeavingAsync(HttpContext http) =>
        WriteAsync(http, StatusCodes.Status503ServiceUnavailable, NodeApiRoutes.Leaving, "this node is being restarted or ended");

    public static Task StaleAsync(HttpContext http) => WriteAsync(
        http, StatusCodes.Status503ServiceUnavailable, NodeApiRoutes.Stale, "it was signed before this process began; sign it anew");

    public static Task NotHereAsync(HttpContext http) =>
        WriteAsync(http, StatusCodes.Status421MisdirectedRequest, NodeApiRoutes.NotHere, "no such incarnation runs on this node");
}
