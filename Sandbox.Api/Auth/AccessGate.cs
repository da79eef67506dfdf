using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Net.Http.Headers;
using Sandbox.Api.Http;

namespace Sandbox.Api.Auth;

/// <summary>Who may ask: whoever holds a key; without keys only this machine, and no web page that runs on it.</summary>
internal sealed class AccessGate(RequestDelegate next, ApiKeyRing keys)
{
    private const string KeyHeader = "X-API-Key";
    private const string Bearer = "Bearer ";

    public Task InvokeAsync(HttpContext http)
    {
        if (CameOverLocalSocket(http))
        {
            return next(http);
        }

        if (!keys.IsEmpty)
        {
            return Presented(http.Request) is { } key && keys.Knows(key)
                ? next(http)
                : Refusals.WriteAsync(http, StatusCodes.Status401Unauthorized, "unauthorized", "A valid API key is needed (header X-API-Key, or Authorization: Bearer).");
        }

        // A page in a browser of this machine can reach loopback too: by its own origin, or under a name of its own that
        // resolves to 127.0.0.1. Neither may drive a server that asks for no key.
        if (!IsLoopbackName(http.Request.Host.Host))
        {
            return Refusals.WriteAsync(http, StatusCodes.Status403Forbidden, "forbidden", "Without API keys this server answers only to a loopback host name.");
        }

        return http.Request.Headers.Origin is [{ } origin] && !IsLoopbackOrigin(origin)
            ? Refusals.WriteAsync(http, StatusCodes.Status403Forbidden, "forbidden", "Without API keys this server answers to no page of another origin.")
            : next(http);
    }

    /// <summary>The key that the request carries; null when none.</summary>
    private static string? Presented(HttpRequest request)
    {
        if (request.Headers[KeyHeader] is [{ Length: > 0 } key])
        {
            return key;
        }

        return request.Headers.Authorization is [{ } header] && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? header[Bearer.Length..].Trim()
            : null;
    }

    /// <summary>Removes the caller's key before a request goes on into a sandbox.</summary>
    public static void RemoveKey(HttpRequest request)
    {
        request.Headers.Remove(KeyHeader);
        request.Headers.Remove(HeaderNames.Cookie);
        if (request.Headers.Authorization is [{ } header] && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            request.Headers.Remove(HeaderNames.Authorization);
        }
    }

    /// <summary>Who may open the socket's file may do everything: its mode is the lock.</summary>
    private static bool CameOverLocalSocket(HttpContext http) =>
        http.Features.Get<IConnectionSocketFeature>()?.Socket.AddressFamily is AddressFamily.Unix;

    private static bool IsLoopbackOrigin(string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var address) && IsLoopbackName(address.Host);

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
