using System.Collections.Concurrent;
using Sandbox.Cluster;
using Sandbox.Cluster.Signatures;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Cluster;

/// <summary>The connections to all workers, one <see cref="NodeConnection"/> per node. A node that takes no calls any more, or came
/// back elsewhere, gets a new one with its next call, and the old one is closed when the calls on it have been answered.</summary>
internal sealed class NodeConnectionPool : IDisposable
{
    private readonly ConcurrentDictionary<string, NodeConnection> _connections = new(StringComparer.Ordinal);
    private readonly NodeDirectory _nodes;
    private readonly RequestSigner _signer;
    private readonly TimeProvider _time;

    public NodeConnectionPool(NodeDirectory nodes, ClusterSecret secret, TimeProvider time)
    {
        (_nodes, _signer, _time) = (nodes, secret.Signer(SignaturePurpose.NodeApi), time);
        nodes.Refreshed += RetireThoseOfLeavingNodes;
    }

    /// <inheritdoc cref="NodeConnection.TrySendAsync"/>
    public async Task<HttpResponseMessage> SendAsync(NodeView node, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (To(node).TrySendAsync(request, cancellationToken) is { } sending)
            {
                return await sending;
            }
        }
    }

    /// <summary>The node takes no new calls: the next one goes over a connection of its own, and what idles is closed here. A
    /// connection that the node closed might have a call on its way, of which it could not be told whether it arrived.</summary>
    public void Retire(string node)
    {
        if (_connections.TryRemove(node, out var connection))
        {
            connection.Retire();
        }
    }

    public void Dispose()
    {
        _nodes.Refreshed -= RetireThoseOfLeavingNodes;
        foreach (var connection in _connections.Values)
        {
            connection.Dispose();
        }
    }

    private NodeConnection To(NodeView node)
    {
        while (true)
        {
            var connection = _connections.GetOrAdd(
                node.Facts.Name, _ => new NodeConnection(node.Facts.Address, since => HasBeatenAsync(node, since), _signer, _time));
            if (connection.Address == node.Facts.Address)
            {
                return connection;
            }

            if (_connections.TryRemove(KeyValuePair.Create(node.Facts.Name, connection)))
            {
                connection.Retire();
            }
        }
    }

    private void RetireThoseOfLeavingNodes(IReadOnlyDictionary<string, NodeView> known)
    {
        foreach (var node in known.Values.Where(node => node.Left || node.Load.Leaving))
        {
            Retire(node.Facts.Name);
        }
    }

    /// <summary>Whether the node has told the store since then that it lives.</summary>
    private async Task<bool> HasBeatenAsync(NodeView node, long since)
    {
        try
        {
            await _nodes.RefreshAsync(CancellationToken.None).WaitAsync(NodeConnection.PingWait, _time);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The store does not say so, and neither does the worker.
            return false;
        }

        return _nodes.Known.GetValueOrDefault(node.Facts.Name) is { Left: false } now && now.Silence < _time.GetElapsedTime(since);
    }
}
