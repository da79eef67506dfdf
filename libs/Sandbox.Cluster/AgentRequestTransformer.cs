using System.Collections.Frozen;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Cluster;

/// <summary>Forwards a request to an agent as it is, but for its host name, which is the agent's business and not the caller's, and its
/// answer with those headers that say what its body is. Whatever else a header could do (a cookie, a redirect, a login, what other origins
/// may read, the mark of a worker's own answers) is not for what runs in a sandbox to say at the API's address.</summary>
/// <param name="target">Path and query below the destination, encoded as they are to be sent; null: those of the request.</param>
public sealed class AgentRequestTransformer(string? target) : HttpTransformer
{
    private static readonly FrozenSet<string> Passed = FrozenSet.Create(
        StringComparer.OrdinalIgnoreCase,
        "Accept-Ranges", "Allow", "Cache-Control", "Connect-Accept-Encoding", "Connect-Content-Encoding", "Connection",
        "Content-Disposition", "Content-Encoding", "Content-Language", "Content-Length", "Content-Range", "Content-Type", "Date", "ETag",
        "Last-Modified", "Retry-After", "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Transfer-Encoding",
        "Upgrade", "Vary");

    /// <summary>To the path and query of the request, below the destination.</summary>
    public static AgentRequestTransformer SameTarget { get; } = new(target: null);

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        proxyRequest.Headers.Host = null;
        if (target is not null)
        {
            proxyRequest.RequestUri = new Uri(destinationPrefix.TrimEnd('/') + target);
        }
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        var goesOn = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        foreach (var name in httpContext.Response.Headers.Keys.Where(name => !Passed.Contains(name)).ToList())
        {
            httpContext.Response.Headers.Remove(name);
        }

        httpContext.Response.Headers.XContentTypeOptions = "nosniff";
        if (goesOn)
        {
            await httpContext.StartStreamAsync(proxyResponse, cancellationToken);
        }

        return goesOn;
    }

    /// <summary>No protocol that agents speak has any.</summary>
    public override ValueTask TransformResponseTrailersAsync(
        HttpContext httpContext, HttpResponseMessage proxyResponse, CancellationToken cancellationToken) => ValueTask.CompletedTask;
}
