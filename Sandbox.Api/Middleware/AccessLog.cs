using Sandbox.Api.Envd;
using Sandbox.Api.Http;

namespace Sandbox.Api.Middleware;

/// <summary>One line a request, and its place among the metrics: method, route, status, time; never a body, a header, a query or an id from
/// the path. Also
/// gives the bare 404 and 405 of routing their body.</summary>
internal sealed partial class AccessLog(RequestDelegate next, ApiTelemetry telemetry, TimeProvider time, ILogger<AccessLog> logger)
{
    public async Task InvokeAsync(HttpContext http)
    {
        var began = time.GetTimestamp();
        await next(http);
        if (!http.Response.HasStarted && http.Response.ContentType is null)
        {
            await ExplainAsync(http);
        }

        var routed = (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;
        var unrouted = routed is null ? http.Items[ApiTelemetry.RouteKey] as string : null;
        var route = routed ?? unrouted ?? "(none)";
        var took = time.GetElapsedTime(began);
        telemetry.OnAnswered(http, unrouted is null ? route : EnvdPaths.ServiceOf(http.Request.Path), took);
        Log.Answered(logger, http.Request.Method, route, http.Response.StatusCode, took.TotalMilliseconds);
    }

    private static Task ExplainAsync(HttpContext http) => http.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => Refusals.WriteUnroutedAsync(http, StatusCodes.Status404NotFound, "not_found", "Not Found"),
        StatusCodes.Status405MethodNotAllowed =>
            Refusals.WriteUnroutedAsync(http, StatusCodes.Status405MethodNotAllowed, "method_not_allowed", "Method Not Allowed"),
        _ => Task.CompletedTask,
    };

    private static partial class Log
    {
        [LoggerMessage(5001, LogLevel.Information, "{Method} {Route} answered {Status} in {Milliseconds:0.0} ms")]
        public static partial void Answered(ILogger logger, string method, string route, int status, double milliseconds);
    }
}
