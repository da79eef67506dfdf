using System.Net;
using IPNetwork = System.Net.IPNetwork;

namespace Sandbox.Api.Auth;

/// <summary>An entry of <see cref="ApiOptions.TrustedProxies"/>.</summary>
internal static class ProxyNetwork
{
    /// <summary>An address is a network of one; null: it is neither.</summary>
    public static IPNetwork? Parse(string text) =>
        IPNetwork.TryParse(text, out var network) ? network
        : IPAddress.TryParse(text, out var address) ? new IPNetwork(address, address.GetAddressBytes().Length * 8)
        : null;
}
