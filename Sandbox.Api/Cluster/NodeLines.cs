using System.Collections.Concurrent;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Clusters;

namespace Sandbox.Api.Cluster;

/// <summary>The lines to all workers, one per node; a node that came back elsewhere gets a new one.</summary>
internal sealed class NodeLines(ClusterSecret secret, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<string, NodeLine> _lines = new(StringComparer.Ordinal);

    public NodeLine To(NodeView node)
    {
        while (true)
        {
            var line = _lines.GetOrAdd(node.Facts.Name, _ => new NodeLine(node.Facts.Address, secret, time));
            if (line.Address == node.Facts.Address)
            {
                return line;
            }

            // Calls on the old one go on until they end; its pool is closed when nothing uses it.
            if (_lines.TryRemove(KeyValuePair.Create(node.Facts.Name, line)))
            {
                line.Dispose();
            }
        }
    }

    /// <summary>The node takes no new calls: the next one goes over a connection of its own and not over one that the node is
    /// about to close, where it could not be told whether it arrived. Calls under way go on, and what idles the node closes.</summary>
    public void Retire(NodeView node) => _lines.TryRemove(node.Facts.Name, out _);

    public void Dispose()
    {
        foreach (var line in _lines.Values)
        {
            line.Dispose();
        }
    }
}
