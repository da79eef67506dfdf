using Yarp.ReverseProxy.Forwarder;

namespace Sandbox.Api.Envd;

/// <summary>Leaves all as it is but the host name, which is the agent's business and not the caller's.</summary>
internal sealed class EnvdTransformer : HttpTransformer
{
    public static EnvdTransformer Instance { get; } = new();

    public override async ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        proxyRequest.Headers.Host = null;
    }
}
