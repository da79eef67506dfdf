using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Sandbox.Node.Membership;

namespace Sandbox.Node.NodeApi;

/// <summary>The worker's internal port, and that of its containers' metrics, as its options name them, and what a caller may cost there
/// before anybody has looked who it is.
/// Bodies and answers that go too slowly are ended by Kestrel's own least rates; calls to agents lift those, and the largest body,
/// for themselves.</summary>
internal sealed class NodeApiListener(IOptions<NodeOptions> options) : IConfigureOptions<KestrelServerOptions>
{
    /// <summary>Each call that an API has open takes one.</summary>
    internal const int MostConnections = 32_768;

    /// <summary>Bytes.</summary>
    internal const int LargestBody = 1024 * 1024;

    /// <summary>Bytes that are taken in before anything asks for them.</summary>
    internal const int UnreadBytes = 128 * 1024;

    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http1);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(10);
        kestrel.Limits.MaxConcurrentConnections = MostConnections;
        kestrel.Limits.MaxRequestBodySize = LargestBody;
        kestrel.Limits.MaxRequestBufferSize = UnreadBytes;
        kestrel.Listen(IPEndPoint.Parse(options.Value.Listen));
        if (options.Value.ContainerMetrics is { Length: > 0 } metrics)
        {
            kestrel.Listen(IPEndPoint.Parse(metrics));
        }
    }
}
