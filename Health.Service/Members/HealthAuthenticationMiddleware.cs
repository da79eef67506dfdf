using Health.Service.Http;
using Microsoft.AspNetCore.Http.Features;
using Sandbox.Cluster;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Stores;

namespace Health.Service.Members;

/// <summary>Answers 200 to any path that is not ours, for callers that only want to know that the service is here; lets in below
/// <c>/v1</c> only callers that prove to be of this cluster.</summary>
internal sealed partial class HealthAuthenticationMiddleware(
    RequestDelegate next, ClusterSecret secret, IMemberStore members, ILogger<HealthAuthenticationMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext http)
    {
        if (!http.Request.Path.StartsWithSegments(HealthRoutes.Prefix, StringComparison.Ordinal))
        {
            await GreetAsync(http);
            return;
        }

        try
        {
            // A join token is judged where it is used up.
            if (await FindCallerAsync(http) is { } caller)
            {
                http.Features.Set(caller);
            }
            else if (!(http.Request.Path.Value is HealthRoutes.Register or HealthRoutes.Join
                && http.Request.Headers.ContainsKey(HealthRoutes.JoinTokenHeader)))
            {
                Log.Denied(logger, http.Connection.RemoteIpAddress?.ToString());
                await HealthAnswers.DeniedAsync(http, "the cluster's secret (Cluster:Secret) was not proven");
                return;
            }

            await next(http);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller has left; there is no one to answer.
        }
        catch (Exception exception) when (exception is not BadHttpRequestException && !http.Response.HasStarted)
        {
            Log.StoreFailed(logger, http.Request.Path, exception);
            await HealthAnswers.ProblemAsync(
                http, StatusCodes.Status503ServiceUnavailable, "unavailable",
                "The lease's store does not answer; the reason is in the service's log.");
        }
    }

    private static Task GreetAsync(HttpContext http)
    {
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            http.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
            http.Response.Headers.Allow = "GET, HEAD";
            return Task.CompletedTask;
        }

        http.Response.ContentType = "text/plain; charset=utf-8";
        return http.Response.WriteAsync("OK", http.RequestAborted);
    }

    private async Task<HealthCaller?> FindCallerAsync(HttpContext http)
    {
        // As it stood in the request line, before anything was decoded.
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (http.Request.Headers[RequestSignature.Header] is [{ } proof] && secret.IsProven(proof, http.Request.Method, target))
        {
            return new HealthCaller(Node: null);
        }

        return http.Request.Headers[HealthRoutes.NodeKeyHeader] is [{ Length: > 0 } key]
            && JoinTokens.OwnerOf(key, await members.ListAsync(http.RequestAborted)) is { } node
                ? new HealthCaller(node)
                : null;
    }

    private static partial class Log
    {
        [LoggerMessage(6011, LogLevel.Warning, "A request from {Caller} does not prove that it comes from this cluster (Cluster:Secret)")]
        public static partial void Denied(ILogger logger, string? caller);

        [LoggerMessage(6012, LogLevel.Error, "{Path} failed")]
        public static partial void StoreFailed(ILogger logger, string path, Exception exception);
    }
}
