using Microsoft.Net.Http.Headers;
using Sandbox.Cluster;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Operators;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Api.Ports;

/// <summary>
/// Forwards a request to a program inside a sandbox as it is, and its answer with what could reach beyond the sandbox taken out: a
/// redirect stays below the sandbox's address, a cookie comes back to this sandbox only, and a page gets an origin of its own.
/// </summary>
/// <param name="cookies">What the caller's request has for this sandbox (<see cref="ProxiedCookies"/>).</param>
/// <param name="ownOrigin">Whether pages get an origin of their own, apart from the API's.</param>
/// <param name="answered">Called when the answer has begun.</param>
internal sealed class PortRequestTransformer(
    SandboxId sandbox, AgentCall agent, TargetPort target, string? cookies, bool ownOrigin, Action answered) : HttpTransformer
{
    /// <summary>All but <c>allow-same-origin</c> that a web application uses.</summary>
    private const string OwnOrigin = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts";

    /// <summary>What an answer would say about the API's whole address, and not about its own path.</summary>
    private static readonly string[] AboutTheServer =
    [
        "Alt-Svc", "Clear-Site-Data", "NEL", "Origin-Agent-Cluster", "Public-Key-Pins", "Report-To", "Service-Worker-Allowed",
        HeaderNames.StrictTransportSecurity,
    ];

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        PortConnections.Address(proxyRequest, sandbox, agent, target);

        // As if it had been asked from inside: servers for development refuse other names.
        proxyRequest.Headers.Host = $"localhost:{target.Port}";
        var request = httpContext.Request;
        Set(proxyRequest, "X-Forwarded-For", httpContext.Connection.RemoteIpAddress?.ToString());
        Set(proxyRequest, "X-Forwarded-Host", request.Host.Value);
        Set(proxyRequest, "X-Forwarded-Proto", request.Scheme);
        Set(proxyRequest, "X-Forwarded-Prefix", target.Prefix);
        Set(proxyRequest, HeaderNames.Cookie, cookies);
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        var goesOn = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        answered();
        var headers = httpContext.Response.Headers;
        foreach (var name in AboutTheServer)
        {
            headers.Remove(name);
        }

        if (headers.Location is [{ } location])
        {
            headers.Location = Below(location);
        }

        headers.SetCookie = target.HasCookies ? ProxiedCookies.Outwards(headers.SetCookie, target.Prefix) : default;
        if (ownOrigin)
        {
            headers.Append(HeaderNames.ContentSecurityPolicy, OwnOrigin);
        }

        if (goesOn)
        {
            await httpContext.StartStreamAsync(proxyResponse, cancellationToken);
        }

        return goesOn;
    }

    /// <summary>Where a redirect goes: its path, whatever host it names, at this sandbox's address.</summary>
    private string Below(string location)
    {
        var path = location.Replace('\\', '/');
        if (path is ['/'] or ['/', not '/', ..])
        {
            return target.Prefix + path;
        }

        var absolute = path.StartsWith('/') ? "http:" + path : path;
        return !Uri.TryCreate(absolute, UriKind.Absolute, out var whole) ? location
            : whole.Scheme is "http" or "https" ? target.Prefix + whole.PathAndQuery + whole.Fragment
            : target.Prefix + "/";
    }

    private static void Set(HttpRequestMessage request, string name, string? value)
    {
        request.Headers.Remove(name);
        if (value is not null)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }
    }
}
