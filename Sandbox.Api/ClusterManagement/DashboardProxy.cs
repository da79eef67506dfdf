using System.Net;
using Microsoft.Extensions.Options;
using Sandbox.Api.Auth;
using Sandbox.Api.Management;
using Sandbox.Cluster;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Api.ClusterManagement;

/// <summary>The dashboard behind the server's own port, for admins: it shows what all tenants do.</summary>
internal sealed partial class DashboardProxy(
    IHttpForwarder forwarder, IOptions<ClusterManagementOptions> options, ILogger<DashboardProxy> logger) : IDisposable
{
    private const string Path = "/dashboard";

    private static readonly string[] Methods = ["GET", "HEAD", "POST"];

    private readonly HttpMessageInvoker _invoker = new(new SocketsHttpHandler
    {
        UseProxy = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(10),
    });

    public void Map(IEndpointRouteBuilder app) =>
        app.MapMethods(Path + "/{**path}", Methods, HandleAsync).ExcludeFromDescription();

    public void Dispose() => _invoker.Dispose();

    private async Task HandleAsync(HttpContext http)
    {
        if (http.Features.Get<Caller>() is not { IsAdmin: true })
        {
            await new ProblemResult(StatusCodes.Status403Forbidden, "forbidden", "An admin's API key is needed.").ExecuteAsync(http);
        }
        else if (options.Value.DashboardUrl is not { Length: > 0 } address)
        {
            await new ProblemResult(
                StatusCodes.Status503ServiceUnavailable, "no_dashboard", "ClusterManagement:DashboardUrl is not set.").ExecuteAsync(http);
        }
        else if (http.Request.Path == Path)
        {
            // What its pages name relative to themselves is below it.
            http.Response.Redirect(Path + "/");
        }
        else
        {
            await ForwardAsync(http, address);
        }
    }

    private async Task ForwardAsync(HttpContext http, string address)
    {
        // The keys are ours; the cookies may be the dashboard's.
        var cookies = http.Request.Headers.Cookie;
        RequestCredentials.Remove(http.Request);
        http.Request.Headers.Cookie = cookies;
        var error = await forwarder.SendAsync(http, address, _invoker, Transfers.Forwarding, Below);
        if (error is ForwarderError.None || http.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        Log.Failed(logger, error, http.GetForwarderErrorFeature()?.Exception?.Message);
        if (!http.Response.HasStarted)
        {
            http.Response.Clear();
            await new ProblemResult(
                StatusCodes.Status502BadGateway, "no_dashboard", "The dashboard gave no answer.").ExecuteAsync(http);
        }

        ValueTask Below(HttpContext context, HttpRequestMessage request)
        {
            context.Request.Path.StartsWithSegments(Path, out var rest);
            request.RequestUri = RequestUtilities.MakeDestinationAddress(address, rest, context.Request.QueryString);
            return ValueTask.CompletedTask;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5781, LogLevel.Warning, "The dashboard could not be asked: {Error} {Reason}")]
        public static partial void Failed(ILogger logger, ForwarderError error, string? reason);
    }
}
