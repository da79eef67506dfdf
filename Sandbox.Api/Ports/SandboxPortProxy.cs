using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;
using Sandbox.Api.Auth;
using Sandbox.Api.Http;
using Sandbox.Api.Tenancy;
using Sandbox.Contracts.Ids;

namespace Sandbox.Api.Ports;

/// <summary>The proxy to programs inside sandboxes for requests that are addressed to a port of one as E2B's clients do it, so that no path
/// of this server stands before theirs.</summary>
internal sealed class SandboxPortProxy(
    RequestDelegate next, TenantScopedAgentGateway agents, PortForwarder forwarder, IOptions<ApiOptions> options)
{
    public Task InvokeAsync(HttpContext http) =>
        http.Features.Get<SandboxAddress>() is { IsEnvd: false } address ? GoAsync(http, address) : next(http);

    private async Task GoAsync(HttpContext http, SandboxAddress address)
    {
        http.Items[ApiTelemetry.RouteKey] = "(port of a sandbox)";
        var raw = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (!TargetPort.TryParse(address.Port, out var port) || !raw.StartsWith('/'))
        {
            await SandboxRefusal.WriteAsync(
                http, StatusCodes.Status400BadRequest, "The port is not a number from 1 to 65535, or the request names no path.");
            return;
        }

        if (!SandboxId.TryParse(address.Sandbox, null, out var id)
            || !(await agents.OpenAsync(id, http.RequestAborted)).TryGet(out var call, out _))
        {
            await SandboxRefusal.WriteNotFoundAsync(http, address.Sandbox);
            return;
        }

        using (call)
        {
            // At a host of its own a sandbox has cookies and an origin of its own; at the API's it has neither.
            var target = new TargetPort(port, raw, "") { HasCookies = address.IsHost };
            var failure = await forwarder.ForwardAsync(
                http, id, call, target, !address.IsHost && !options.Value.ProxiedPagesShareOrigin);
            await (failure switch
            {
                null => Task.CompletedTask,
                { Error: not null } => SandboxRefusal.WriteNotFoundAsync(http, address.Sandbox),
                { IsClosed: true } => SandboxRefusal.WriteNotOpenAsync(http, address.Sandbox, address.Port),
                _ => SandboxRefusal.WriteAsync(http, failure.Status, failure.Reason),
            });
        }
    }
}
