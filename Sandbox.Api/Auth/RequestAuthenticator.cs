using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;

namespace Sandbox.Api.Auth;

/// <summary>Finds out who the caller is: a caller with a key is its tenant; without any key configured only this machine is let in,
/// and no web page that runs on it.</summary>
internal sealed class RequestAuthenticator(ConfiguredApiKeys configured, ApiKeyCache keys)
{
    private static readonly AuthenticationResult AsOwner = new AuthenticationResult.Admitted(Caller.Owner);

    private static readonly AuthenticationResult NoKey = new AuthenticationResult.Refused(
        StatusCodes.Status401Unauthorized, "unauthorized", "A valid API key is needed (header X-API-Key, or Authorization: Bearer).");

    private static readonly AuthenticationResult SeveralKeys = new AuthenticationResult.Refused(
        StatusCodes.Status401Unauthorized, "unauthorized", "The request carries several different API keys; send one.");

    private static readonly AuthenticationResult NotThisMachine = new AuthenticationResult.Refused(
        StatusCodes.Status403Forbidden, "forbidden", "Without API keys this server answers only to a loopback host name.");

    private static readonly AuthenticationResult OtherOrigin = new AuthenticationResult.Refused(
        StatusCodes.Status403Forbidden, "forbidden", "Without API keys this server answers to no page of another origin.");

    public async ValueTask<AuthenticationResult> AuthenticateAsync(HttpContext http)
    {
        if (CameOverLocalSocket(http))
        {
            return AsOwner;
        }

        var presented = RequestCredentials.In(http.Request);
        if (presented.Count == 1 && await KnownAsync(presented[0], http.RequestAborted) is { } caller)
        {
            return new AuthenticationResult.Admitted(caller);
        }

        if (!configured.IsEmpty || await keys.AnyAsync(http.RequestAborted))
        {
            return presented.Count > 1 ? SeveralKeys : NoKey;
        }

        return AnonymousRefusal(http) ?? AsOwner;
    }

    private async ValueTask<Caller?> KnownAsync(string key, CancellationToken cancellationToken) =>
        configured.Knows(key) ? Caller.Owner
        : await keys.FindAsync(key, cancellationToken) is { } found ? new Caller(found.Tenant, found.IsAdmin)
        : null;

    /// <summary>A page in a browser of this machine can reach loopback too: by its own origin, or under a name of its own that
    /// resolves to 127.0.0.1. Neither may drive a server that asks for no key.</summary>
    private static AuthenticationResult? AnonymousRefusal(HttpContext http)
    {
        if (http.Connection.LocalIpAddress is { } address && !IPAddress.IsLoopback(address))
        {
            return NotThisMachine;
        }

        if (!IsLoopbackName(http.Request.Host.Host))
        {
            return NotThisMachine;
        }

        return http.Request.Headers.Origin is [{ } origin] && !IsLoopbackOrigin(origin) ? OtherOrigin : null;
    }

    /// <summary>A caller that may open the socket's file may do everything: its mode is the access check.</summary>
    private static bool CameOverLocalSocket(HttpContext http) =>
        http.Features.Get<IConnectionSocketFeature>()?.Socket.AddressFamily is AddressFamily.Unix;

    private static bool IsLoopbackOrigin(string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var address) && IsLoopbackName(address.Host);

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
