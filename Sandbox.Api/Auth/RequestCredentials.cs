using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Sandbox.Api.Auth;

/// <summary>API keys in the headers of a request. Each family of clients has a header of its own for them.</summary>
internal static class RequestCredentials
{
    private const string Bearer = "Bearer ";

    private static readonly string[] Bare = ["X-API-Key", "OPEN-SANDBOX-API-KEY"];
    private static readonly string[] Bearing = [HeaderNames.Authorization, "XRL-Authorization"];

    /// <summary>The keys that the request carries, each once.</summary>
    public static IReadOnlyList<string> In(HttpRequest request)
    {
        var keys = new List<string>(1);
        foreach (var name in Bare)
        {
            Add(keys, request.Headers[name], static value => value.Trim());
        }

        foreach (var name in Bearing)
        {
            Add(keys, request.Headers[name], static value => IsBearer(value) ? value[Bearer.Length..].Trim() : "");
        }

        return keys;
    }

    /// <summary>Removes the caller's keys, and cookies, before a request goes on into a sandbox. What is authorization of
    /// another kind is meant for the inside (envd takes its user from it).</summary>
    public static void Remove(HttpRequest request)
    {
        foreach (var name in Bare)
        {
            request.Headers.Remove(name);
        }

        foreach (var name in Bearing)
        {
            if (request.Headers[name].Any(value => value is not null && IsBearer(value)))
            {
                request.Headers.Remove(name);
            }
        }

        request.Headers.Remove(SandboxTokenAuthenticator.TokenHeader);
        request.Headers.Remove(SandboxTokenAuthenticator.TrafficHeader);
        request.Headers.Remove(HeaderNames.Cookie);
    }

    private static bool IsBearer(string value) => value.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase);

    private static void Add(List<string> keys, StringValues values, Func<string, string> keyIn)
    {
        foreach (var value in values)
        {
            if (value is not null && keyIn(value) is { Length: > 0 } key && !keys.Contains(key, StringComparer.Ordinal))
            {
                keys.Add(key);
            }
        }
    }
}
