using Microsoft.AspNetCore.Http.Features;
using Sandbox.Contracts.Cluster;
using Sandbox.Storage.Clusters;

namespace Sandbox.Worker.Roads;

/// <summary>Lets in only who proves with each request that he knows the cluster's secret, and only while the road is open.</summary>
internal sealed partial class RoadGate(RequestDelegate next, ClusterSecret secret, RoadEnd end, ILogger<RoadGate> logger)
{
    public async Task InvokeAsync(HttpContext http)
    {
        // As it stood in the request line, before anything was decoded.
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (http.Request.Headers[RoadProof.Header] is [{ } proof] && secret.IsProven(proof, http.Request.Method, target))
        {
            http.Request.Headers.Remove(RoadProof.Header);
            await EnterAsync(http);
            return;
        }

        Log.Denied(logger, http.Connection.RemoteIpAddress?.ToString());
        await RoadAnswers.WriteAsync(http, StatusCodes.Status401Unauthorized, RoadRoutes.Denied, "the cluster's secret was not proven");
    }

    private async Task EnterAsync(HttpContext http)
    {
        using var call = end.TryEnter();
        if (call is null)
        {
            http.Response.Headers.Connection = "close";
            await RoadAnswers.LeavingAsync(http);
            return;
        }

        await using var cut = end.Cut.Register(http.Abort);
        await next(http);
    }

    private static partial class Log
    {
        [LoggerMessage(4351, LogLevel.Warning, "A request from {Caller} does not prove that it comes from this cluster (Cluster:Secret)")]
        public static partial void Denied(ILogger logger, string? caller);
    }
}
