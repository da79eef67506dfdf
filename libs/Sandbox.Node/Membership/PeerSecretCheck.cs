using Sandbox.Cluster;
using Sandbox.Cluster.Signatures;
using Sandbox.Domain.Stores;

namespace Sandbox.Node.Membership;

/// <summary>
/// Asks the nodes that are part of the cluster already, before this one comes in: with another secret than theirs it would claim jobs,
/// and no other process could reach what it starts.
/// </summary>
internal sealed class PeerSecretCheck(INodeStore nodes, NodeIdentity node, ClusterSecret secret, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly RequestSigner _signer = secret.Signer(SignaturePurpose.NodeApi);

    private readonly HttpMessageInvoker _invoker =
        new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false });

    /// <summary>Why this node cannot come in; null: no peer says no. A peer that does not answer says nothing.</summary>
    public async Task<string?> WhyRefusedAsync(CancellationToken cancellationToken)
    {
        var alive = (await nodes.ListAsync(cancellationToken)).Where(other => !other.IsDead && other.Facts.Name != node.Name).ToList();
        var refused = await Task.WhenAll(alive.Select(other => RefusesAsync(other.Facts.Address, cancellationToken)));
        return alive.Zip(refused).FirstOrDefault(asked => asked.Second).First is { } by
            ? $"Cluster:Secret: node {by.Facts.Name}, which is part of this cluster, does not accept it; all processes of a cluster have "
                + "the same one, clocks that agree within half a minute, and the same version of the signature"
            : null;
    }

    public void Dispose() => _invoker.Dispose();

    private async Task<bool> RefusesAsync(Uri address, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, NodeApiRoutes.Ping));
            _signer.Sign(request, address.Authority);
            using var answer = await _invoker.SendAsync(request, either.Token);
            return answer.Headers.TryGetValues(NodeApiRoutes.OwnAnswer, out var why) && why.Contains(NodeApiRoutes.Denied);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
