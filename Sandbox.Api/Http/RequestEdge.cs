namespace Sandbox.Api.Http;

/// <summary>The edge of the API's routes: a surprise tells a caller nothing of our insides; the log does.</summary>
internal sealed partial class RequestEdge(ILogger<RequestEdge> logger)
{
    /// <summary>What a caller is told of it.</summary>
    public const string Surprise = "The server failed to handle this request; the reason is in its log.";

    /// <param name="refuse">Answers, in the form of the API that was asked, that the server has failed.</param>
    public async Task RunAsync(HttpContext http, Func<Task> handle, Func<Task> refuse)
    {
        try
        {
            await handle();
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller has left; there is nobody to answer.
        }
        catch (Exception exception) when (exception is not BadHttpRequestException && !http.Response.HasStarted)
        {
            Log.Surprised(logger, (http.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText, exception);
            http.Response.Clear();
            await refuse();
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5101, LogLevel.Error, "Route {Route} met something unexpected")]
        public static partial void Surprised(ILogger logger, string? route, Exception exception);
    }
}
