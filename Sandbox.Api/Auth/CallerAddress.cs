using System.Net;
using System.Net.Sockets;

namespace Sandbox.Api.Auth;

/// <summary>The address that stands for a caller where something is counted by address.</summary>
internal static class CallerAddress
{
    private const int NetworkBytes = 8;

    /// <summary>A caller that has one address of IPv6 has a network of them, so that the network is taken.</summary>
    public static IPAddress Of(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6 || address.AddressFamily is not AddressFamily.InterNetworkV6)
        {
            return address.MapToIPv4();
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(NetworkBytes).Clear();
        return new IPAddress(bytes);
    }
}
