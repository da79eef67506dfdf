using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Wire;
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
            return found.Length > 0 && Array.TrueForAll(found, PublicAddress.IsPublic);
        }
        catch (Exception exception) when (exception is SocketException or ArgumentException
            || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
