using System.Net.WebSockets;
using Sandbox.Api.Agents;
using Sandbox.Api.Http;
using Sandbox.Api.Rock;
using Sandbox.Api.Tenancy;
using Sandbox.Cluster;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Api.Ports;

/// <summary>
/// ROCK's tunnel to a TCP port inside a sandbox: a WebSocket whose binary messages are the bytes of the connection. It goes on to the
/// agent as it is; only what never gets there is answered here, by the codes that ROCK closes with.
/// </summary>
internal sealed partial class PortForwardEndpoint(
    TenantScopedAgentGateway agents, IHttpForwarder forwarder, ILogger<PortForwardEndpoint> logger)
{
    public void Map(IEndpointRouteBuilder app) =>
        app.MapGet(RockRoute.Prefix + "/sandboxes/{id}/portforward", HandleAsync)
            .WithSummary("A WebSocket to a TCP port inside a sandbox; its binary messages are the bytes of the connection")
            .WithTags("Ports")
            .WithMetadata(
                ((RequestDelegate)HandleAsync).Method, new QueryParameters(["port"]), StreamMetadata.Instance,
                new ProducesResponseTypeMetadata(StatusCodes.Status101SwitchingProtocols, typeof(void)),
                new ProducesResponseTypeMetadata(StatusCodes.Status426UpgradeRequired, typeof(void)));

    private async Task HandleAsync(HttpContext http)
    {
        if (!http.WebSockets.IsWebSocketRequest)
        {
            http.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            http.Response.Headers.Upgrade = "websocket";
            return;
        }

        var name = http.Request.RouteValues["id"] as string ?? "";
        var opened = SandboxId.TryParse(name, null, out var id)
            ? await agents.OpenAsync(id, http.RequestAborted)
            : new SandboxError.NotFound(name);
        if (!opened.TryGet(out var call, out var error))
        {
            await RefuseAsync(http, error.Text);
            return;
        }

        using (call)
        {
            await ForwardAsync(http, call);
        }
    }

    private async Task ForwardAsync(HttpContext http, AgentCall call)
    {
        var toAgent = new AgentRequestTransformer($"{AgentRoutes.Rock}/portforward{http.Request.QueryString}");
        var error = await forwarder.ToAgentAsync(http, call, call.BaseAddress.AbsoluteUri, toAgent);
        if (error is ForwarderError.None)
        {
            return;
        }

        Log.Broke(logger, error, http.GetForwarderErrorFeature()?.Exception?.Message);
        if (!http.Response.HasStarted)
        {
            http.Response.Clear();
            var reason = http.GetForwarderErrorFeature()?.Exception is AgentCallException missed
                ? missed.Error.Text : "the connection to its agent broke";
            await RefuseAsync(http, reason);
        }
    }

    /// <summary>A client of WebSockets sees no answer but a close, so that is what it gets.</summary>
    private static async Task RefuseAsync(HttpContext http, string reason)
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync();
        await socket.CloseOutputAsync(WebSocketCloseStatus.InternalServerError, CloseReason.Of(reason), http.RequestAborted);
    }

    private static partial class Log
    {
        [LoggerMessage(5211, LogLevel.Information, "The tunnel into a sandbox broke: {Error} {Reason}")]
        public static partial void Broke(ILogger logger, ForwarderError error, string? reason);
    }
}
