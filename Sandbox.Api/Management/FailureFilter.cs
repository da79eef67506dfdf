using Sandbox.Api.Http;

namespace Sandbox.Api.Management;

/// <summary>The edge: a surprise tells a caller nothing of our insides; the log does.</summary>
internal sealed partial class FailureFilter(ILogger<FailureFilter> logger) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        try
        {
            // Written here and not by the framework, so that a failure to write it is caught too.
            if (await next(context) is IResult result)
            {
                await result.ExecuteAsync(http);
            }
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller has left; there is nobody to answer.
        }
        catch (Exception exception) when (exception is not BadHttpRequestException && !http.Response.HasStarted)
        {
            Log.Surprised(logger, (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText, exception);
            http.Response.Clear();
            var problem = new ProblemResult(
                StatusCodes.Status500InternalServerError, "internal", RequestEdge.Surprise);
            await problem.ExecuteAsync(http);
        }

        return Results.Empty;
    }

    private static partial class Log
    {
        [LoggerMessage(5401, LogLevel.Error, "Management route {Route} met something unexpected")]
        public static partial void Surprised(ILogger logger, string? route, Exception exception);
    }
}
