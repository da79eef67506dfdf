using System.Globalization;
using System.Net.Sockets;
using Sandbox.Cluster;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Cluster;

/// <summary>The logs of sandboxes on other machines, from the node that the record names.</summary>
internal sealed class ClusterSandboxLogs(NodeDirectory nodes, NodeConnectionPool connections) : ISandboxLogs
{
    private const int MostReason = 1024;

    public async Task<Result<SandboxLog>> OpenAsync(SandboxInstance sandbox, LogQuery query, CancellationToken cancellationToken)
    {
        await nodes.FirstRead.WaitAsync(cancellationToken);
        if (sandbox.HostName is not { } name)
        {
            return new SandboxError.NoLog(sandbox.Id, "no node has started it");
        }

        if (nodes.Known.GetValueOrDefault(name) is not { TakesCalls: true } node)
        {
            return new SandboxError.AgentUnreachable(sandbox.Id, $"its node {name} takes no calls");
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, AddressOf(sandbox, query, node));
        try
        {
            var answer = await connections.SendAsync(node, request, cancellationToken);
            if (answer.IsSuccessStatusCode)
            {
                var log = SandboxLog.Of(await answer.Content.ReadAsStreamAsync(cancellationToken));
                return new SandboxLog(log.Pieces, answer);
            }

            using (answer)
            {
                return await RefusedAsync(sandbox, answer, cancellationToken);
            }
        }
        catch (Exception exception)
            when (exception is HttpRequestException or NodeSilentException or SocketException or IOException or ObjectDisposedException)
        {
            return new SandboxError.AgentUnreachable(sandbox.Id, $"its node {name} does not answer");
        }
    }

    private static Uri AddressOf(SandboxInstance sandbox, LogQuery query, NodeView node)
    {
        List<string> parts = [$"follow={(query.Follow ? "true" : "false")}"];
        if (query.Tail is { } lines)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"tail={lines}"));
        }

        if (query.Since is { } since)
        {
            parts.Add($"since={Uri.EscapeDataString(since.ToString("O", CultureInfo.InvariantCulture))}");
        }

        return new Uri(node.Facts.Address, $"{NodeApiRoutes.ToSandboxLog(sandbox.Id, sandbox.Incarnation)}?{string.Join('&', parts)}");
    }

    private static async Task<SandboxError> RefusedAsync(
        SandboxInstance sandbox, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var what = answer.Headers.TryGetValues(NodeApiRoutes.OwnAnswer, out var own) ? own.First() : "";
        await answer.Content.LoadIntoBufferAsync(MostReason, cancellationToken);
        var reason = await answer.Content.ReadAsStringAsync(cancellationToken);
        return what switch
        {
            NodeApiRoutes.NoLog => new SandboxError.NoLog(sandbox.Id, reason),
            NodeApiRoutes.Unsupported => new SandboxError.Unsupported(SandboxLog.Reading, reason),
            NodeApiRoutes.NotHere => new SandboxError.NoLog(sandbox.Id, $"it is not on its node {sandbox.HostName} any more"),
            NodeApiRoutes.Denied => new SandboxError.AgentUnreachable(
                sandbox.Id, $"its node {sandbox.HostName} does not accept this server's Cluster:Secret"),
            NodeApiRoutes.Leaving => new SandboxError.AgentUnreachable(sandbox.Id, $"its node {sandbox.HostName} is being ended"),
            _ => new SandboxError.AgentUnreachable(sandbox.Id, reason),
        };
    }
}
