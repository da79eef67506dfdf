using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;

namespace Sandbox.Api.Auth;

/// <summary>Finds out who the caller is: a caller with a key is its tenant; without any key configured only programs of the server's own
/// user on this machine are let in (<see cref="AnonymousCallers"/>).</summary>
internal sealed class RequestAuthenticator(ConfiguredApiKeys configured, ApiKeyCache keys, AnonymousCallers anonymous)
{
    private static readonly AuthenticationResult AsOwner = new AuthenticationResult.Admitted(Caller.Owner);

    private static readonly AuthenticationResult NoKey = new AuthenticationResult.Refused(
        StatusCodes.Status401Unauthorized, "unauthorized", "A valid API key is needed (header X-API-Key, or Authorization: Bearer).");

    private static readonly AuthenticationResult SeveralKeys = new AuthenticationResult.Refused(
        StatusCodes.Status401Unauthorized, "unauthorized", "The request carries several different API keys; send one.");

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

        return anonymous.WhyRefused(http) ?? AsOwner;
    }

    private async ValueTask<Caller?> KnownAsync(string key, CancellationToken cancellationToken) =>
        configured.Knows(key) ? Caller.Owner
        : await keys.FindAsync(key, cancellationToken) is { } found ? new Caller(found.Tenant, found.IsAdmin)
        : null;

    /// <summary>A caller that may open the socket's file may do everything: its mode is the access check.</summary>
    private static bool CameOverLocalSocket(HttpContext http) =>
        http.Features.Get<IConnectionSocketFeature>()?.Socket.AddressFamily is AddressFamily.Unix;
}
