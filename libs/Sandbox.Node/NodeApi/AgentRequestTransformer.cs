using System.Net;
using Microsoft.AspNetCore.Http.Features;
using Sandbox.Cluster;
using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Node.NodeApi;

/// <summary>Leaves all as it is, but for the part of the path that led here, the host name, and the mark of this worker's own
/// answers, which an agent must not wear.</summary>
internal sealed class AgentRequestTransformer(string prefix) : HttpTransformer
{
    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        var target = httpContext.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        proxyRequest.RequestUri = new Uri(destinationPrefix.TrimEnd('/') + target[prefix.Length..]);
        proxyRequest.Headers.Host = null;
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
