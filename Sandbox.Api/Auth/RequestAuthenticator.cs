using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;

namespace Sandbox.Api.Auth;

/// <summary>Finds out who the caller is: a caller with a key is its tenant; without any key configured only programs of the server's own
/// user on this machine are let in (<see cref="AnonymousCallers"/>).</summary>
internal sealed class RequestAuthenticator(
    ConfiguredApiKeys configured, ApiKeyCache keys, WrongKeyLimiter wrongKeys, AnonymousCallers anonymous)
{
    private static readonly AuthenticationResult AsOwner = new AuthenticationResult.Admitted(Caller.Owner);

    private static readonly AuthenticationResult NoKey = new AuthenticationResult.Refused(
        StatusCodes.Status401Unauthorized, "unauthorized", "A valid API key is needed (header X-API-Key, or Authorization: Bearer).");

    private static readonly AuthenticationResult SeveralKeys = new AuthenticationResult.Refused(
        StatusCodes.Status401Unauthorized, "unauthorized", "The request carries several different API keys; send one.");

    private static readonly AuthenticationResult TooManyWrongKeys = new AuthenticationResult.Refused(
        StatusCodes.Status429TooManyRequests, "too_many_requests",
        "Too many keys from this address are none (Api:MaxWrongKeysPerMinute); ask again in a minute.");

    public async ValueTask<AuthenticationResult> AuthenticateAsync(HttpContext http)
    {
        if (CameOverLocalSocket(http))
        {
            return AsOwner;
        }

        var presented = RequestCredentials.In(http.Request);
        if (presented.Count == 1 && await AuthenticateAsync(http, presented[0]) is { } known)
        {
            return known;
        }

        if (!configured.IsEmpty || await keys.AnyAsync(http.RequestAborted))
        {
            return presented.Count > 1 ? SeveralKeys : NoKey;
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
                return TooManyWrongKeys;
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
