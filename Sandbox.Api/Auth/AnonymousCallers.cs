using System.Net;

namespace Sandbox.Api.Auth;

/// <summary>
/// Which callers need no key while there is none: programs of the server's own user on this machine. A page in a browser of this machine
/// can reach loopback too, by its own origin or under a name of its own that resolves to 127.0.0.1; so can programs of other users, and
/// strangers through a proxy. None of these may drive a server that asks for no key.
/// </summary>
internal sealed class AnonymousCallers(LoopbackPeer peer)
{
    private const string FetchSite = "Sec-Fetch-Site";

    private static readonly AuthenticationResult NotThisMachine = Refused("answers only to a loopback host name.");

    private static readonly AuthenticationResult OtherOrigin = Refused("answers to no page of another origin.");

    private static readonly AuthenticationResult ThroughProxy = Refused("answers to no request through a proxy.");

    private static readonly AuthenticationResult OtherUser = Refused(
        "answers only to programs of the user that runs it, or of root; others need a key (sandbox key create).");

    /// <summary>What a proxy says of itself.</summary>
    private static readonly string[] ProxyHeaders = ["Via", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Original-For"];

    /// <summary>Null: it may come in.</summary>
    public AuthenticationResult? WhyRefused(HttpContext http)
    {
        var isLocal = http.Connection.LocalIpAddress is not { } address || IPAddress.IsLoopback(address);
        return !isLocal || !IsLoopbackName(http.Request.Host.Host) ? NotThisMachine
            : ProxyHeaders.Any(http.Request.Headers.ContainsKey) ? ThroughProxy
            : IsOfAnotherPage(http.Request) ? OtherOrigin
            : peer.IsOwn(http) ? null
            : OtherUser;
    }

    /// <summary>Browsers say of which origin a page is with every request that can change something, and newer ones how near it is with
    /// every request at all; a page of another port of this machine is another one. A person who typed the address is
    /// <c>none</c>.</summary>
    private static bool IsOfAnotherPage(HttpRequest request)
    {
        var (origin, site) = (request.Headers.Origin, request.Headers[FetchSite]);
        var own = $"{request.Scheme}://{request.Host.Value}";
        return (origin.Count > 0 && !(origin is [{ } one] && one.Equals(own, StringComparison.OrdinalIgnoreCase)))
            || (site.Count > 0 && site is not ["same-origin" or "none"]);
    }

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static AuthenticationResult.Refused Refused(string text) =>
        new(StatusCodes.Status403Forbidden, "forbidden", $"Without API keys this server {text}");
}
