using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;

namespace Sandbox.Api.Auth;

/// <summary>Finds out who the caller is: a caller with a key is its tenant, one with the token of a sandbox may go into that one; without
/// any key configured only programs of the server's own user on this machine are let in (<see cref="AnonymousCallers"/>).</summary>
internal sealed class RequestAuthenticator(
    ConfiguredApiKeys configured, ApiKeyCache keys, SandboxTokenAuthenticator tokens, WrongKeyLimiter wrongKeys, AnonymousCallers anonymous)
{
    private static readonly AuthenticationResult AsOwner = new AuthenticationResult.Admitted(Caller.Owner);

    private static readonly AuthenticationResult NoKey = new AuthenticationResult.Refused(
        StatusCodes.Status401Unauthorized, "unauthorized", "A valid API key is needed (header X-API-Key, or Authorization: Bearer).");

    private static readonly AuthenticationResult SeveralKeys = new AuthenticationResult.Refused(
        StatusCodes.Status401Unauthorized, "unauthorized", "The request carries several different API keys; send one.");

    /// <summary>In E2B's words, because its clients compare them.</summary>
    private static readonly AuthenticationResult NoSignature = new AuthenticationResult.Refused(
        StatusCodes.Status401Unauthorized, "unauthorized", SandboxTokenAuthenticator.MissingSignature);

    public async ValueTask<AuthenticationResult> AuthenticateAsync(HttpContext http)
    {
        if (CameOverLocalSocket(http))
        {
            return AsOwner;
        }

        if (await tokens.AuthenticateAsync(http) is { } byToken)
        {
            return byToken;
        }

        var presented = RequestCredentials.In(http.Request);
        if (presented.Count == 1 && await AuthenticateAsync(http, presented[0]) is { } known)
        {
            return known;
        }

        if (!configured.IsEmpty || await keys.AnyAsync(http.RequestAborted))
        {
            return SandboxTokenAuthenticator.IsAboutFiles(http) ? NoSignature : presented.Count > 1 ? SeveralKeys : NoKey;
        }

        return anonymous.WhyRefused(http) ?? AsOwner;
    }

    /// <returns>Null: it is no key.</returns>
    private async ValueTask<AuthenticationResult?> AuthenticateAsync(HttpContext http, string key)
    {
        if (configured.Find(key) is { } caller)
        {
            return new AuthenticationResult.Admitted(caller);
        }

        // A key that is remembered is let in also from an address that guesses.
        if (!keys.TryRecall(key, out var found))
        {
            if (!wrongKeys.MayAsk(http))
            {
                return WrongKeyLimiter.TooMany;
            }

            found = await keys.FindAsync(key, http.RequestAborted);
            if (found is null)
            {
                wrongKeys.Count(http);
            }
        }

        return found is null ? null : new AuthenticationResult.Admitted(Caller.Of(found));
    }

    /// <summary>A caller that may open the socket's file may do everything: its mode is the access check.</summary>
    private static bool CameOverLocalSocket(HttpContext http) =>
        http.Features.Get<IConnectionSocketFeature>()?.Socket.AddressFamily is AddressFamily.Unix;
}
