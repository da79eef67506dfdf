using System.Net.Sockets;
using Sandbox.Cluster;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Cluster;

/// <summary>Has the node that the record names put in effect what a sandbox may reach.</summary>
internal sealed class ClusterEgressControl(NodeDirectory nodes, NodeConnectionPool connections) : IEgressControl
{
    private const int MostReason = 1024;

    public async Task<SandboxError?> ApplyAsync(SandboxInstance sandbox, CancellationToken cancellationToken)
    {
        await nodes.FirstRead.WaitAsync(cancellationToken);
        if (sandbox.HostName is not { } name || nodes.Known.GetValueOrDefault(name) is not { TakesCalls: true } node)
        {
            return NotYet(sandbox, $"its node {sandbox.HostName} takes no calls");
        }

        using var request = new HttpRequestMessage(
            HttpMethod.Post, new Uri(node.Facts.Address, NodeApiRoutes.ToSandboxEgress(sandbox.Id, sandbox.Incarnation)));
        try
        {
            using var answer = await connections.SendAsync(node, request, cancellationToken);
            return answer.IsSuccessStatusCode ? null : await RefusedAsync(sandbox, answer, cancellationToken);
        }
        catch (Exception exception)
            when (exception is HttpRequestException or NodeSilentException or SocketException or IOException or ObjectDisposedException)
        {
            return NotYet(sandbox, $"its node {name} does not answer");
        }
    }

    private static async Task<SandboxError> RefusedAsync(
        SandboxInstance sandbox, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        await answer.Content.LoadIntoBufferAsync(MostReason, cancellationToken);
        var reason = await answer.Content.ReadAsStringAsync(cancellationToken);
        return answer.Headers.TryGetValues(NodeApiRoutes.OwnAnswer, out var own) && own.First() is NodeApiRoutes.Unsupported
            ? new SandboxError.Unsupported("a list of what a sandbox may reach", reason)
            : NotYet(sandbox, reason);
    }

    private static SandboxError.AgentUnreachable NotYet(SandboxInstance sandbox, string reason) =>
        new(sandbox.Id, $"the lists are written, and are put in effect as soon as they can be: {reason}");
}
