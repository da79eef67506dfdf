using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;

namespace Sandbox.Api.Auth;

/// <summary>
/// No anonymous network exposure: every socket that Kestrel opens is opened here, and one that other machines can reach
/// is refused, before it is bound, where no API key is configured or stored. What is opened accepts only so many connections from one
/// address.
/// </summary>
internal sealed class GuardedListeners(
    ConfiguredApiKeys ring, ApiKeyCache keys, AddressConnectionLimiter limiter, IOptions<SocketTransportOptions> options,
    ILoggerFactory loggers)
    : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    private readonly SocketTransportFactory _sockets = new(options, loggers);

    public bool CanBind(EndPoint endpoint) => _sockets.CanBind(endpoint);

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        !ring.IsEmpty || IsLocal(endpoint) || await keys.AnyAsync(cancellationToken)
            ? new LimitedListener(await _sockets.BindAsync(endpoint, cancellationToken), limiter)
            : throw new ExposureRefusedException(endpoint);

    private static bool IsLocal(EndPoint endpoint) =>
        endpoint is UnixDomainSocketEndPoint || (endpoint is IPEndPoint ip && IPAddress.IsLoopback(ip.Address));
}

/// <summary>The server was told to listen where other machines can reach it, without an API key.</summary>
public sealed class ExposureRefusedException(EndPoint endpoint) : Exception(
    $"Refusing to listen on {endpoint}: other machines could use this server without a key. "
    + "Listen on 127.0.0.1, or configure API keys (Api:KeyFile, Api:KeyHashes, or sandbox key create).");
