using System.Net;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Cluster;

/// <summary>Forwards a request to an agent as it is, but for its host name, which is the agent's business and not the caller's, and
/// its answer as it is, but for the header of a worker's own answers, which an agent must not send.</summary>
/// <param name="target">Path and query below the destination, encoded as they are to be sent; null: those of the request.</param>
public sealed class AgentRequestTransformer(string? target) : HttpTransformer
{
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
        httpContext.Response.Headers.Remove(NodeApiRoutes.OwnAnswer);
        if (goesOn && proxyResponse is { StatusCode: not HttpStatusCode.SwitchingProtocols, Content.Headers.ContentLength: null })
        {
            // A caller that opened a stream learns at once that it is open, not with its first message.
            await httpContext.Response.StartAsync(cancellationToken);
            await httpContext.Response.BodyWriter.FlushAsync(cancellationToken);
        }

        return goesOn;
    }
}
