using System.Net;
using System.Net.Sockets;

namespace Aspire.Hosting.Running;

/// <summary>Ports of this machine for the stack. Free ones are taken from below the range that the system gives to whoever
/// connects somewhere, so that none is taken between now and its use.</summary>
/// <param name="isRandom">Also those that the floor plan names: several stacks may run.</param>
internal sealed class Ports(bool isRandom)
{
    private const int First = 20_000;
    private const int Last = 32_000;

    private readonly HashSet<int> _given = [];
    private readonly Lock _lock = new();

    /// <summary>The port that the floor plan names, or a free one.</summary>
    /// <exception cref="DistributedApplicationException">Somebody listens there.</exception>
    public int Take(string resource, string endpoint, int? wanted)
    {
        if (wanted is not { } port || isRandom)
        {
            return TakeFree();
        }

        lock (_lock)
        {
            if (!IsFree(port))
            {
                throw new DistributedApplicationException(
                    $"port {port} (endpoint '{endpoint}' of '{resource}') is taken: another program listens there. End it, or choose another port (docs/apphost.md).");
            }

            return _given.Add(port)
                ? port
                : throw new DistributedApplicationException($"port {port} is named twice in the floor plan, the second time by endpoint '{endpoint}' of '{resource}'.");
        }
    }

    public int TakeFree()
    {
        lock (_lock)
        {
            while (true)
            {
                var port = Random.Shared.Next(First, Last);
                if (!_given.Contains(port) && IsFree(port))
                {
                    _given.Add(port);
                    return port;
                }
            }
        }
    }

    private static bool IsFree(int port) =>
        IsFree(IPAddress.Loopback, port) && (!Socket.OSSupportsIPv6 || IsFree(IPAddress.IPv6Loopback, port));

    private static bool IsFree(IPAddress address, int port)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen();
            return true;
        }
        catch (SocketException exception)
        {
            // A machine without this kind of address has nobody there.
            return exception.SocketErrorCode is SocketError.AddressNotAvailable;
        }
    }
}
