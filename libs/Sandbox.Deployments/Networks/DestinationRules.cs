using System.Net;
using Sandbox.Domain.Policies;

namespace Sandbox.Deployments.Networks;

/// <summary>Where a sandbox may send to and where not, as rules of iptables of which the first that matches decides. What none
/// matches is the internet, and allowed.</summary>
internal static class DestinationRules
{
    /// <summary>What no policy opens: this host, loopback, link-local and the services of clouds that tell a machine its credentials,
    /// multicast, broadcast (RFC 6890; the single addresses by the documentation of Azure and Alibaba Cloud).</summary>
    private static readonly string[] Never =
    [
        "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "100.100.100.200/32", "168.63.129.16/32", "224.0.0.0/4",
        "240.0.0.0/4",
    ];

    /// <summary>Private and shared address space, and that of benchmarks (RFC 1918, RFC 6598, RFC 2544).</summary>
    private static readonly string[] Private = ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15"];

    /// <param name="resolvers">Name servers that sandboxes ask, whatever their address.</param>
    /// <param name="sandboxes">The network that the sandboxes themselves are in.</param>
    /// <param name="host">Matches of the machine's own addresses.</param>
    /// <param name="refusal">The target that refuses: <c>DROP</c> or <c>REJECT</c>.</param>
    public static IReadOnlyList<string> Of(
        SecurityPolicy policy, IEnumerable<IPAddress> resolvers, string sandboxes, IEnumerable<string> host, string refusal) =>
    [
        .. resolvers.SelectMany(resolver => (string[])["udp", "tcp"], (resolver, protocol) =>
            $"-d {resolver}/32 -p {protocol} -m {protocol} --dport 53 -j RETURN"),
        .. ((IEnumerable<string>)[sandboxes, .. Never, .. policy.DeniedNetworks]).Select(network => $"-d {network} -j {refusal}"),
        .. policy.AllowedNetworks.Select(network => $"-d {network} -j RETURN"),
        .. host.Select(match => $"{match} -j {refusal}"),
        .. (policy.AllowPrivateNetworks ? [] : Private).Select(network => $"-d {network} -j {refusal}"),
    ];
}
