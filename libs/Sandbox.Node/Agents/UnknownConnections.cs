using System.Net;
using System.Net.Sockets;

namespace Sandbox.Node.Agents;

/// <summary>The connections that have not shown their token yet. Where there are too many, from one address or altogether, the oldest one
/// is closed for the newest: an agent speaks at once, and one that is silent has had its time.</summary>
internal sealed class UnknownConnections
{
    internal const int Most = 256;
    internal const int MostPerAddress = 16;

    private readonly Lock _gate = new();
    private readonly LinkedList<(Socket Socket, IPAddress? Address)> _oldestFirst = [];

    public void Add(Socket socket)
    {
        var address = (socket.RemoteEndPoint as IPEndPoint)?.Address;
        Socket? evicted = null;
        lock (_gate)
        {
            var same = _oldestFirst.Where(one => Equals(one.Address, address)).ToList();
            if (same.Count >= MostPerAddress)
            {
                evicted = same[0].Socket;
                _oldestFirst.Remove(same[0]);
            }
            else if (_oldestFirst is { Count: >= Most, First: { } oldest })
            {
                evicted = oldest.Value.Socket;
                _oldestFirst.RemoveFirst();
            }

            _oldestFirst.AddLast((socket, address));
        }

        evicted?.Dispose();
    }

    /// <summary>It has shown its token, or is gone. False: it was closed for another one.</summary>
    public bool TryRemove(Socket socket)
    {
        lock (_gate)
        {
            for (var node = _oldestFirst.First; node is not null; node = node.Next)
            {
                if (node.Value.Socket == socket)
                {
                    _oldestFirst.Remove(node);
                    return true;
                }
            }

            return false;
        }
    }
}
