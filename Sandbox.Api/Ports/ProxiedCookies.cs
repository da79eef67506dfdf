using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Sandbox.Api.Ports;

/// <summary>
/// Cookies of programs inside sandboxes. All sandboxes share the API's host, and a browser sends what it has for a host at any port: so a
/// program gets only what programs of sandboxes have set, which has a mark in its name, and only below its own path.
/// </summary>
internal static class ProxiedCookies
{
    private const string Mark = "sandbox.";

    /// <summary>Of a request's cookies those that may go inside, under the names that the program gave; null: none.</summary>
    public static string? Inwards(StringValues cookies)
    {
        var kept = cookies
            .SelectMany(line => (line ?? "").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Where(cookie => cookie.StartsWith(Mark, StringComparison.Ordinal))
            .Select(cookie => cookie[Mark.Length..]);
        return string.Join("; ", kept) is { Length: > 0 } some ? some : null;
    }

    /// <summary>What a program sets, with the mark, for paths below the prefix at this host alone.</summary>
    public static StringValues Outwards(StringValues set, string prefix) =>
        set.Select(one => SetCookieHeaderValue.TryParse(one, out var cookie) ? Outwards(cookie, prefix) : null).OfType<string>().ToArray();

    private static string Outwards(SetCookieHeaderValue cookie, string prefix)
    {
        cookie.Name = Mark + cookie.Name;
        cookie.Domain = null;
        cookie.Path = cookie.Path.Value is ['/', ..] and var path ? prefix + path : prefix;
        return cookie.ToString();
    }
}
