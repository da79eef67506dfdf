using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Sandbox.Node.Membership;

/// <summary>Where the other processes reach this one; known once it listens.</summary>
internal sealed class NodeAddress(NodeIdentity node, IOptions<NodeOptions> options, IServiceProvider services)
{
    public Uri Find()
    {
        if (options.Value.Address.Length > 0)
        {
            return new Uri(options.Value.Address);
        }

        var bound = new Uri(Bound());
        return IPAddress.TryParse(bound.Host.Trim('[', ']'), out var address) && !address.Equals(IPAddress.Any)
            && !address.Equals(IPAddress.IPv6Any)
            ? bound
            : new UriBuilder(Uri.UriSchemeHttp, node.Address, bound.Port).Uri;
    }

    // A host of tests may have no server; then nothing but the configured address is told.
    private string Bound() =>
        services.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
            ?? $"http://{options.Value.Listen}";
}
