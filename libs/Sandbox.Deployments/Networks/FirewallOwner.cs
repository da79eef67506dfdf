using System.Net.Sockets;

namespace Sandbox.Deployments.Networks;

/// <summary>
/// Tells other processes of this machine that somebody looks after a node's networks and rules: an abstract Unix socket, which like the
/// rules is there once for each network namespace, and which ends with its process however that ends.
/// </summary>
internal sealed class FirewallOwner(string key) : IDisposable
{
    private Socket? _socket;

    /// <summary>False: another process says so now.</summary>
    public bool TryHold()
    {
        if (_socket is not null)
        {
            return true;
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint($"\0sandbox-firewall-{key}"));
            _socket = socket;
            return true;
        }
        catch (SocketException)
        {
            socket.Dispose();
            return false;
        }
    }

    public void Dispose()
    {
        _socket?.Dispose();
        _socket = null;
    }
}
