using System.Net.WebSockets;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Sandbox.Api.Http;
using Sandbox.Api.Rock;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Ports;

/// <summary>
/// ROCK's proxy to web servers inside sandboxes: any method, WebSockets, streams. The port is one of the sandbox's own loopback, reached
/// through its agent, so that nothing of it is open outside.
/// </summary>
internal sealed class PortProxyEndpoint(TenantScopedAgentGateway agents, PortForwarder forwarder, IOptions<ApiOptions> options)
{
    private const string FailureMessage = "proxy failed";

    /// <summary>Where ROCK's images serve, and their desktops.</summary>
    private const int WebPort = 8080, DesktopPort = 8006;

    private static readonly string[] Methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"];

    public void Map(IEndpointRouteBuilder app)
    {
        Map(app, "proxy", WebPort, "A web server inside a sandbox, on the port that path, header or query names");
        Map(app, "vnc", DesktopPort, "The desktop inside a sandbox");
    }

    private void Map(IEndpointRouteBuilder app, string name, int ordinary, string summary)
    {
        RequestDelegate handler = http => HandleAsync(http, name, ordinary);
        app.MapMethods($"{RockRoute.Prefix}/sandboxes/{{id}}/{name}/{{**path}}", Methods, handler)
            .WithSummary(summary).WithTags("Ports").WithMetadata(
                handler.Method, new QueryParameters([TargetPort.Parameter + "?"]), StreamMetadata.Instance);
    }

    private async Task HandleAsync(HttpContext http, string route, int ordinary)
    {
        var name = http.Request.RouteValues["id"] as string ?? "";
        var raw = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!SandboxId.TryParse(name, null, out var id))
        {
            await FailAsync(http, new SandboxError.BadId(name));
        }
        else if (!TargetPort.TryFind(
            http.Request, raw, $"{RockRoute.Prefix}/sandboxes/{id}/{route}", ordinary, out var target, out var wrong))
        {
            await RefuseAsync(http, StatusCodes.Status400BadRequest, wrong);
        }
        else if (!(await agents.OpenAsync(id, http.RequestAborted)).TryGet(out var call, out var error))
        {
            await FailAsync(http, error);
        }
        else
        {
            using (call)
            {
                await ForwardAsync(http, id, call, target);
            }
        }
    }

    private async Task ForwardAsync(HttpContext http, SandboxId id, AgentCall agent, TargetPort target)
    {
        if (await forwarder.ForwardAsync(http, id, agent, target, !options.Value.ProxiedPagesShareOrigin) is not { } failure)
        {
            return;
        }

        await (failure.Error is { } error ? FailAsync(http, error) : RefuseAsync(http, failure.Status, failure.Reason));
    }

    /// <summary>The sandbox cannot be reached. A client of WebSockets reads no envelope.</summary>
    private static Task FailAsync(HttpContext http, SandboxError error) =>
        http.WebSockets.IsWebSocketRequest
            ? RefuseAsync(http, StatusCodes.Status403Forbidden, error.Text)
            : Envelopes.FailAsync(http, FailureMessage, error);

    private static async Task RefuseAsync(HttpContext http, int status, string detail)
    {
        if (status == StatusCodes.Status400BadRequest && http.WebSockets.IsWebSocketRequest)
        {
            using var socket = await http.WebSockets.AcceptWebSocketAsync();
            await socket.CloseOutputAsync(WebSocketCloseStatus.PolicyViolation, CloseReason.Of(detail), http.RequestAborted);
            return;
        }

        await JsonAnswer.WriteDetailAsync(http, status, detail);
    }
}
