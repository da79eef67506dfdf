using Sandbox.Api.Agents;
using Sandbox.Api.Http;
using Sandbox.Api.Tenancy;
using Sandbox.Cluster;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Operators;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Api.Envd;

/// <summary>
/// The byte-transparent proxy to the envd endpoints of the agents: a request that names a sandbox in its headers goes on as it
/// is, and the answer comes back as it is, both streamed. The sandbox counts as in use until the answer ends.
/// </summary>
internal sealed partial class EnvdProxy(
    RequestDelegate next, TenantScopedAgentGateway agents, IHttpForwarder forwarder, ILogger<EnvdProxy> logger)
{
    private const string SandboxHeader = "E2b-Sandbox-Id";
    private const string PortHeader = "E2b-Sandbox-Port";
    private const string EnvdPort = "49983";

    /// <summary>Whether the request is for this proxy at all.</summary>
    public static bool IsAddressed(HttpRequest request) =>
        request.Headers.ContainsKey(SandboxHeader) && EnvdPaths.Contains(request.Path);

    public Task InvokeAsync(HttpContext http) => IsAddressed(http.Request) ? GoAsync(http) : next(http);

    public static Task WriteErrorAsync(HttpContext http, int status, string message) => WriteErrorAsync(http, status, null, null, message);

    private async Task GoAsync(HttpContext http)
    {
        http.Items[ApiTelemetry.RouteKey] = EnvdPaths.NameOf(http.Request.Path);
        var name = http.Request.Headers[SandboxHeader].ToString();
        if (!EnvdPaths.Allows(http.Request.Path, http.Request.Method))
        {
            await WriteErrorAsync(http, StatusCodes.Status405MethodNotAllowed, "Method Not Allowed");
            return;
        }

        if (!SandboxId.TryParse(name, null, out var id) || !(await agents.OpenAsync(id, http.RequestAborted)).TryGet(out var call, out _))
        {
            await WriteErrorAsync(http, StatusCodes.Status502BadGateway, Shorten(name), null, "The sandbox was not found");
            return;
        }

        using (call)
        {
            if (http.Request.Headers[PortHeader] is [{ } port] && port != EnvdPort)
            {
                await WriteErrorAsync(
                    http, StatusCodes.Status502BadGateway, name, Shorten(port), "The sandbox is running but port is not open");
                return;
            }

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
            await WriteErrorAsync(http, StatusCodes.Status502BadGateway, id.ToString(), null, "The sandbox was not found");
        }
    }

    private static Task WriteErrorAsync(HttpContext http, int status, string? sandbox, string? port, string message)
    {
        http.Response.StatusCode = status;
        return JsonAnswer.WriteAsync(http, writer =>
        {
            writer.WriteStartObject();
            if (sandbox is not null)
            {
                writer.WriteString("sandboxId", sandbox);
            }

            writer.WriteString("message", message);
            if (port is not null)
            {
                writer.WriteString("port", port);
            }

            writer.WriteNumber("code", status);
            writer.WriteEndObject();
        });
    }

    private static string Shorten(string text) => text.Length > 80 ? text[..80] : text;

    private static partial class Log
    {
        [LoggerMessage(5201, LogLevel.Information, "Forwarding to the agent of a sandbox failed: {Error}")]
        public static partial void Broke(ILogger logger, ForwarderError error, Exception? exception);
    }
}
