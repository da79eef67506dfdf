using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Storage.Archives;

namespace Sandbox.Deployments.Images;

/// <summary>
/// Whether a tenant may have this node's engine connect to the registry of a name. Without a list of registries, a host must be a
/// name, and every address that it has must be a public one. The engine looks the name up again, and follows what the registry
/// says about tokens and redirects: only a list of registries bounds a registry that lies.
/// </summary>
internal sealed class RegistryCheck(IOptions<ImagePolicy> policy, IOptions<ArchiveOptions> archives, TimeProvider time)
{
    private static readonly TimeSpan Answer = TimeSpan.FromSeconds(10);

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

    /// <summary>How a host's addresses are found.</summary>
    internal Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Why not; null: it may. The text is the same whatever was found out about a host.</summary>
    public async Task<string?> WhyRefusedAsync(ImageReference image, string tenant, CancellationToken cancellationToken)
    {
        if (policy.Value.IsOperators(tenant))
        {
            return null;
        }

        if (archives.Value.IsRegistry && ImageReference.Parse(archives.Value.Repository)?.Repository == image.Repository)
        {
            return $"{image.Repository} is a name that this platform keeps for itself";
        }

        return policy.Value.IsListed(image.Host) is { } isListed
            ? isListed ? null : $"the registry {image.Host} is not one that this server uses"
            : image.Host == ImageReference.Hub || await IsPublicAsync(image.Host, cancellationToken)
            ? null : $"the registry {image.Host} is not a public host";
    }

    /// <summary>False for every address that is of one machine, one link, one site, or no machine's.</summary>
    internal static bool IsPublic(IPAddress address)
    {
        var one = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return (one.AddressFamily is AddressFamily.InterNetwork || GlobalUnicast.Contains(one))
            && !Special.Any(network => network.Contains(one));
    }

    private async Task<bool> IsPublicAsync(string registry, CancellationToken cancellationToken)
    {
        var host = registry.Split(':')[0];
        // Resolvers read 127.1, 0x7f000001 and the like as addresses, too: no top-level domain begins with a digit.
        if (char.IsAsciiDigit(host[(host.LastIndexOf('.') + 1)..][0]) || host.EndsWith("localhost", StringComparison.Ordinal))
        {
            return false;
        }

        using var limit = new CancellationTokenSource(Answer, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var found = await Resolve(host, either.Token);
            return found.Length > 0 && Array.TrueForAll(found, IsPublic);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
