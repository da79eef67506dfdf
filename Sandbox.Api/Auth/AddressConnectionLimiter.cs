using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using IPNetwork = System.Net.IPNetwork;

namespace Sandbox.Api.Auth;

/// <summary>Counts the open connections of each remote address, so that one machine does not take those of all others.</summary>
internal sealed class AddressConnectionLimiter(IOptions<ApiOptions> options) : IDisposable
{
    private readonly PartitionedRateLimiter<IPAddress> _limiter = PartitionedRateLimiter.Create<IPAddress, IPAddress>(
        address => RateLimitPartition.GetConcurrencyLimiter(
            address, _ => new ConcurrencyLimiterOptions { PermitLimit = options.Value.MaxConnectionsPerAddress }));

    private List<IPNetwork>? _proxies;

    /// <summary>Read late: the server is made before options are checked.</summary>
    private List<IPNetwork> Proxies => _proxies ??= [.. options.Value.TrustedProxies.Select(ProxyNetwork.Parse).OfType<IPNetwork>()];

    /// <summary>Counts a connection until it is closed. Those of trusted proxies are of many callers, and those over a Unix socket of
    /// none: neither is counted.</summary>
    /// <returns>False: its address has as many as it may.</returns>
    public bool TryCount(ConnectionContext connection)
    {
        if (connection.RemoteEndPoint is not IPEndPoint { Address: var remote } || IsProxy(remote))
        {
            return true;
        }

        var lease = _limiter.AttemptAcquire(CallerAddress.Of(remote));
        if (!lease.IsAcquired)
        {
            lease.Dispose();
            return false;
        }

        // Runs at once where it is closed already.
        _ = connection.ConnectionClosed.UnsafeRegister(static lease => ((RateLimitLease)lease!).Dispose(), lease);
        return true;
    }

    public void Dispose() => _limiter.Dispose();

    private bool IsProxy(IPAddress remote)
    {
        var address = remote.IsIPv4MappedToIPv6 ? remote.MapToIPv4() : remote;
        return Proxies.Exists(proxy => proxy.Contains(address));
    }
}
