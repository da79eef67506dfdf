using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Api.Envd;

/// <summary>Leaves all as it is but the host name, which is the agent's business and not the caller's.</summary>
internal sealed class EnvdRequestTransformer : HttpTransformer
{
    private const string StreamType = "application/connect+";

    public static EnvdRequestTransformer Instance { get; } = new();

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        proxyRequest.Headers.Host = null;
    }

    public override async ValueTask<bool> TransformResponseAsync(
        HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        var goesOn = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        if (goesOn && proxyResponse?.Content.Headers.ContentType?.MediaType?.StartsWith(StreamType, StringComparison.Ordinal) is true)
        {
            // The caller that opened a stream learns at once that it is open, not with its first message.
            await httpContext.Response.StartAsync(cancellationToken);
            await httpContext.Response.BodyWriter.FlushAsync(cancellationToken);
        }

        return goesOn;
    }
}
