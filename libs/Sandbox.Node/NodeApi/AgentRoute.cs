using Microsoft.AspNetCore.Http.Features;
using Sandbox.Cluster;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Node.NodeApi;

/// <summary>The last part of the way from an API to an agent: what comes in goes on as it is, and so does the answer, both
/// streamed. It counts as activity here, where it is known how long it lasts.</summary>
internal sealed partial class AgentRoute(
    AgentGateway gateway, ISandboxStore records, NodeIdentity node, IHttpForwarder forwarder, ILogger<AgentRoute> logger)
{
    public const string Pattern = NodeApiRoutes.Agents + "/{sandbox}/{incarnation}/{**rest}";

    public async Task HandleAsync(HttpContext http)
    {
        if (!SandboxId.TryParse(http.Request.RouteValues["sandbox"] as string, null, out var id)
            || !IncarnationId.TryParse(http.Request.RouteValues["incarnation"] as string, null, out var incarnation)
            || TargetBelow(NodeApiRoutes.ToAgent(id, incarnation), http) is not { } target
            || !await IsHereAsync(id, incarnation, http.RequestAborted))
        {
            await NodeApiResponses.NotHereAsync(http);
            return;
        }

        if ((await gateway.OpenAsync(id, http.RequestAborted)).TryGet(out var call, out var error))
        {
            using (call)
            {
                await ForwardAsync(http, call, target);
            }
        }
        else if (error is Domain.Errors.SandboxError.AgentUnreachable unreachable)
        {
            await NodeApiResponses.WriteAsync(http, StatusCodes.Status503ServiceUnavailable, NodeApiRoutes.Unreachable, unreachable.Reason);
        }
        else
        {
            await NodeApiResponses.NotHereAsync(http);
        }
    }

    /// <summary>What follows the prefix, as it stands; null: the prefix is not written as we write it, but encoded or doubled.</summary>
    private static string? TargetBelow(string prefix, HttpContext http)
    {
        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        return target.StartsWith(prefix + "/", StringComparison.Ordinal) ? target[prefix.Length..] : null;
    }

    /// <summary>From memory; only what is not known there is looked up, because it may just be about to be taken up again.</summary>
    private async ValueTask<bool> IsHereAsync(SandboxId id, IncarnationId incarnation, CancellationToken cancellationToken)
    {
        if (gateway.Find(id)?.Sandbox.Incarnation == incarnation)
        {
            return true;
        }

        var record = await records.FindAsync(id, cancellationToken);
        return record is { State: SandboxState.Running } && record.Incarnation == incarnation && node.Has(record);
    }

    private async Task ForwardAsync(HttpContext http, AgentCall call, string target)
    {
        http.LiftLimits();
        if (BareConnection.IsAsked(http, out var upgrade))
        {
            await JoinAsync(http, upgrade, call, target);
            return;
        }

        var error = await forwarder.SendAsync(
            http, call.BaseAddress.AbsoluteUri, call.Invoker, Transfers.Forwarding, new AgentRequestTransformer(target),
            http.RequestAborted);
        if (error is ForwarderError.None || http.RequestAborted.IsCancellationRequested)
        {
            return;
        }

        Log.Broke(logger, error, http.GetForwarderErrorFeature()?.Exception?.Message);
        await BrokeAsync(http);
    }

    private async Task JoinAsync(HttpContext http, IHttpUpgradeFeature upgrade, AgentCall call, string target)
    {
        try
        {
            await BareConnection.JoinAsync(http, upgrade, call.Invoker, call.BaseAddress.AbsoluteUri.TrimEnd('/') + target);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException && !http.RequestAborted.IsCancellationRequested)
        {
            Log.Broke(logger, ForwarderError.UpgradeRequestDestination, exception.Message);
            await BrokeAsync(http);
        }
    }

    private static async Task BrokeAsync(HttpContext http)
    {
        if (!http.Response.HasStarted)
        {
            http.Response.Clear();
            await NodeApiResponses.WriteAsync(
                http, StatusCodes.Status503ServiceUnavailable, NodeApiRoutes.Unreachable, "the connection to its agent broke");
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4352, LogLevel.Information, "The connection to an agent broke: {Error} {Reason}")]
        public static partial void Broke(ILogger logger, ForwarderError error, string? reason);
    }
}
