using System.Net;
using System.Net.Sockets;

namespace Sandbox.Contracts.Wire;

/// <summary>Which addresses are of the public internet, and connections to these only.</summary>
public static class PublicAddress
{
    private static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
            "2001::/32", "2001:db8::/32", "2002::/16",
        }.Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>False for every address that is of one machine, one link, one site, or no machine's.</summary>
    public static bool IsPublic(IPAddress address)
    {
        var one = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return (one.AddressFamily is AddressFamily.InterNetwork || GlobalUnicast.Contains(one))
            && !Special.Any(network => network.Contains(one));
    }

    /// <summary>Connects to a host all of whose addresses are public, as an HTTP handler's <c>ConnectCallback</c> wants it: the name is
    /// looked up once, and the very addresses that were checked are connected to.</summary>
    /// <exception cref="IOException">The host has no address, or one that is not public.</exception>
    /// <exception cref="SocketException">It cannot be looked up or reached.</exception>
    public static async ValueTask<Stream> ConnectAsync(DnsEndPoint host, CancellationToken cancellationToken)
    {
        var addresses = await Dns.GetHostAddressesAsync(host.Host, cancellationToken);
        if (addresses.Length == 0 || !Array.TrueForAll(addresses, IsPublic))
        {
            throw new IOException($"{host.Host} is not a public host.");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, host.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
