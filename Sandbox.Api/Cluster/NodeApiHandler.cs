using System.Net.Sockets;
using Sandbox.Api.Http;
using Sandbox.Cluster;
using Sandbox.Cluster.Signatures;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Cluster;

/// <summary>
/// Sends one call to the worker that was found for it. What the worker says of itself is told apart from what the agent
/// answers. A call that certainly reached no worker is sent again to where its sandbox is by now, for as long as a worker may
/// take to restart, and each life of a worker has that time for itself; any other failure is told, because what it did is not
/// known.
/// </summary>
internal sealed class NodeApiHandler(ClusterAgentGateway gateway, ReachedNode first, TimeProvider time) : HttpMessageHandler
{
    private const int MaxReason = 1024;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        var asked = request.RequestUri!;
        var prefix = ClusterAgentGateway.AddressOf(first).AbsoluteUri;
        var reached = first;
        var patience = ClusterAgentGateway.Patience;
        while (true)
        {
            request.RequestUri = new Uri(ClusterAgentGateway.AddressOf(reached).AbsoluteUri + asked.AbsoluteUri[prefix.Length..]);
            var (answer, missed) = await TryAsync(reached, request, cancellationToken);
            if (answer is not null)
            {
                return answer;
            }

            gateway.Forget(reached.Sandbox);
            if (missed is NotHereException { IsLeaving: true })
            {
                patience = NodeView.DeadAfter + NodeView.LostGrace;
                gateway.RetireConnection(reached.Node);
            }

            if (time.GetElapsedTime(begun) >= patience || !MayBeSentAgain(request, missed!))
            {
                throw missed!;
            }

            await Task.Delay(Pause, time, cancellationToken);
            await gateway.RefreshNodesAsync(cancellationToken);
            var before = reached.Node;
            reached = (await gateway.ReachAsync(reached.Sandbox.Id, cancellationToken)).TryGet(out var again, out var error)
                ? again
                : throw new AgentCallException(error, missed);
            if ((reached.Node.Facts.Name, reached.Node.Epoch) != (before.Facts.Name, before.Epoch))
            {
                (begun, patience) = (time.GetTimestamp(), ClusterAgentGateway.Patience);
            }
        }
    }

    /// <summary>Without a connection nothing was sent; a refusal came before anything was done, but what was being uploaded
    /// is gone with it.</summary>
    private static bool MayBeSentAgain(HttpRequestMessage request, AgentCallException missed) => missed.InnerException switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } => true,
        OperationCanceledException { InnerException: TimeoutException } => true,
        null => SignedContent.Original(request.Content) is null or ByteArrayContent or IRepeatableContent && missed is NotHereException,
        _ => false,
    };

    private async Task<(HttpResponseMessage? Answer, AgentCallException? Missed)> TryAsync(
        ReachedNode reached, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await gateway.SendAsync(reached.Node, request, cancellationToken);
            return answer.Headers.TryGetValues(NodeApiRoutes.OwnAnswer, out var own)
                ? (null, await RefusedAsync(reached, answer, own.First(), cancellationToken))
                : (answer, null);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && IsTransportFailure(exception))
        {
            return (null, new AgentCallException(
                new SandboxError.AgentUnreachable(reached.Sandbox.Id, $"its node {reached.Node.Facts.Name} does not answer"), exception));
        }
    }

    /// <summary>The last one is how a connection ends that could not be made in time.</summary>
    private static bool IsTransportFailure(Exception exception) =>
        exception is HttpRequestException or NodeSilentException or SocketException or IOException
            or OperationCanceledException { InnerException: TimeoutException };

    private static async Task<AgentCallException> RefusedAsync(
        ReachedNode reached, HttpResponseMessage answer, string what, CancellationToken cancellationToken)
    {
        using (answer)
        {
            var (id, node) = (reached.Sandbox.Id, reached.Node.Facts.Name);
            return what switch
            {
                NodeApiRoutes.NotHere => new NotHereException(new SandboxError.AgentUnreachable(id, $"it is not on its node {node}")),
                NodeApiRoutes.Leaving =>
                    new NotHereException(new SandboxError.AgentUnreachable(id, $"its node {node} is being ended")) { IsLeaving = true },
                NodeApiRoutes.Stale =>
                    new NotHereException(new SandboxError.AgentUnreachable(id, $"its node {node} has just been restarted")),
                NodeApiRoutes.Denied => Plain($"its node {node} does not accept this server's Cluster:Secret"),
                _ => Plain(await ReasonAsync(answer, cancellationToken)),
            };

            AgentCallException Plain(string reason) => new(new SandboxError.AgentUnreachable(id, reason), cause: null);
        }
    }

    private static async Task<string> ReasonAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        await answer.Content.LoadIntoBufferAsync(MaxReason, cancellationToken);
        return await answer.Content.ReadAsStringAsync(cancellationToken);
    }
}

/// <summary>The worker knows no such incarnation, or takes no calls any more.</summary>
internal sealed class NotHereException(SandboxError error) : AgentCallException(error, cause: null)
{
    public bool IsLeaving { get; init; }
}
