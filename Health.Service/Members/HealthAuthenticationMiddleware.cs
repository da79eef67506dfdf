using Health.Service.Http;
using Sandbox.Cluster;
using Sandbox.Contracts.Cluster;

namespace Health.Service.Members;

/// <summary>Answers 200 to any path that is not ours, for callers that only want to know that the service is here; lets in below
/// <c>/v1</c> only callers that prove to be of this cluster.</summary>
internal sealed partial class HealthAuthenticationMiddleware(
    RequestDelegate next, HealthCallers callers, TimeProvider time, ILogger<HealthAuthenticationMiddleware> logger)
{
    private readonly LogThrottle _denials = new(time);

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
            if (await callers.FindAsync(http) is { } caller)
            {
                http.Features.Set(caller);
            }
            else if (!(http.Request.Path.Value is HealthRoutes.Register or HealthRoutes.Join
                && http.Request.Headers.ContainsKey(HealthRoutes.JoinTokenHeader)))
            {
                await DenyAsync(http);
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

    private Task DenyAsync(HttpContext http)
    {
        if (_denials.TryPass(out var suppressed))
        {
            Log.Denied(logger, http.Connection.RemoteIpAddress?.ToString(), suppressed);
        }

        http.Response.Headers[HealthRoutes.InstanceHeader] = callers.Instance;
        return HealthAnswers.DeniedAsync(http, "the request is not signed with the cluster's secret (Cluster:Secret)");
    }

    private static partial class Log
    {
        [LoggerMessage(
            6011, LogLevel.Warning,
            "A request from {Caller} is not signed by this cluster for this process (Cluster:Secret); {Suppressed} more before it")]
        public static partial void Denied(ILogger logger, string? caller, long suppressed);

        [LoggerMessage(6012, LogLevel.Error, "{Path} failed")]
        public static partial void StoreFailed(ILogger logger, string path, Exception exception);
    }
}
