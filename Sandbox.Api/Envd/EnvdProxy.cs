using Sandbox.Api.Agents;
using Sandbox.Api.Auth;
using Sandbox.Api.Http;
using Sandbox.Api.Ports;
using Sandbox.Api.Tenancy;
using Sandbox.Cluster;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Operators;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Api.Envd;

/// <summary>
/// The byte-transparent proxy to the envd endpoints of the agents: a request that is addressed to a sandbox goes on as it
/// is, and the answer comes back as it is, both streamed. The sandbox counts as in use until the answer ends.
/// </summary>
internal sealed partial class EnvdProxy(
    RequestDelegate next, TenantScopedAgentGateway agents, IHttpForwarder forwarder, ILogger<EnvdProxy> logger)
{
    public Task InvokeAsync(HttpContext http) =>
        http.Features.Get<SandboxAddress>() is { IsEnvd: true } address ? GoAsync(http, address.Sandbox) : next(http);

    private async Task GoAsync(HttpContext http, string name)
    {
        if (!EnvdPaths.Contains(http.Request.Path))
        {
            await SandboxRefusal.WriteAsync(http, StatusCodes.Status404NotFound, "Not Found");
            return;
        }

        http.Items[ApiTelemetry.RouteKey] = EnvdPaths.NameOf(http.Request.Path);
        if (!EnvdPaths.Allows(http.Request.Path, http.Request.Method))
        {
            await SandboxRefusal.WriteAsync(http, StatusCodes.Status405MethodNotAllowed, "Method Not Allowed");
            return;
        }

        if (!SandboxId.TryParse(name, null, out var id) || !(await agents.OpenAsync(id, http.RequestAborted)).TryGet(out var call, out _))
        {
            await SandboxRefusal.WriteNotFoundAsync(http, name);
            return;
        }

        using (call)
        {
            await ForwardAsync(http, call, id);
        }
    }

    private async Task ForwardAsync(HttpContext http, AgentCall call, SandboxId id)
    {
        var error = await forwarder.ToAgentAsync(
            http, call, call.BaseAddress.AbsoluteUri.TrimEnd('/') + AgentRoutes.Envd, AgentRequestTransformer.SameTarget);
        if (error is ForwarderError.None)
        {
            return;
        }

        Log.Broke(logger, error, http.GetForwarderErrorFeature()?.Exception);
        if (!http.Response.HasStarted)
        {
            http.Response.Clear();
            await SandboxRefusal.WriteNotFoundAsync(http, id.ToString());
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5201, LogLevel.Information, "Forwarding to the agent of a sandbox failed: {Error}")]
        public static partial void Broke(ILogger logger, ForwarderError error, Exception? exception);
    }
}
