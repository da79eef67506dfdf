using System.Text.Json;
using Sandbox.Cluster;
using Sandbox.Cluster.Signatures;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Node.Leases;
using Sandbox.Node.Reconciliation;

namespace Sandbox.Node.Leadership;

/// <summary>The activity of any node's sandboxes: of this node's own from memory while this process is the node, of another's by asking
/// it.</summary>
internal sealed partial class ClusterActivities(
    NodeActivities own, NodeIdentity node, INodeLease lease, INodeStore nodes, ClusterSecret secret, TimeProvider time,
    ILogger<ClusterActivities> logger)
    : IActivities, IDisposable
{
    private const int MaxAnswer = 4096;
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(3);

    private readonly RequestSigner _signer = secret.Signer(SignaturePurpose.NodeApi);

    private readonly HttpMessageInvoker _invoker =
        new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false });

    public async Task<DateTimeOffset?> LastAsync(SandboxInstance running, CancellationToken cancellationToken)
    {
        // A replica that stands by has the node's name and none of its agents, and may be the head all the same.
        if (running.HostName is not { } host || (node.Has(running) && lease.Current is not null))
        {
            return await own.LastAsync(running, cancellationToken);
        }

        return await nodes.FindAsync(host, cancellationToken) is { IsDead: false } other
            ? await AskAsync(running, other, cancellationToken)
            : null;
    }

    public void Dispose() => _invoker.Dispose();

    private async Task<DateTimeOffset?> AskAsync(SandboxInstance running, NodeView other, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(Within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            using var request = new HttpRequestMessage(
                HttpMethod.Get, new Uri(other.Facts.Address, NodeApiRoutes.ToActivity(running.Id, running.Incarnation)));
            _signer.Sign(request, other.Facts.Address.Authority);
            using var answer = await _invoker.SendAsync(request, either.Token);
            answer.EnsureSuccessStatusCode();
            await answer.Content.LoadIntoBufferAsync(MaxAnswer, either.Token);
            var told = JsonSerializer.Deserialize(
                await answer.Content.ReadAsByteArrayAsync(either.Token), NodeApiJson.Default.SandboxActivity);
            var longest = (time.GetUtcNow() - DateTimeOffset.MinValue).TotalMilliseconds;
            return told is null ? null : time.GetUtcNow() - TimeSpan.FromMilliseconds(Math.Clamp(told.IdleMilliseconds, 0, longest));
        }
        catch (Exception exception)
            when (exception is HttpRequestException or JsonException or OperationCanceledException
                && !cancellationToken.IsCancellationRequested)
        {
            Log.NotTold(logger, other.Facts.Name, running.Id, exception.Message);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(
            4342, LogLevel.Warning,
            "Node {Node} does not say when sandbox {SandboxId} was last used, so it is not stopped for being idle now: {Reason}")]
        public static partial void NotTold(ILogger logger, string node, Contracts.Ids.SandboxId sandboxId, string reason);
    }
}
