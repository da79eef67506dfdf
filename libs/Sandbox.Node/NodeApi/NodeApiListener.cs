using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Sandbox.Node.Membership;

namespace Sandbox.Node.NodeApi;

/// <summary>The worker's internal port, as its options name it.</summary>
internal sealed class NodeApiListener(IOptions<NodeOptions> options) : IConfigureOptions<KestrelServerOptions>
{
    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.ConfigureEndpointDefaults(listen => listen.Protocols = HttpProtocols.Http1);
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(10);
        kestrel.Listen(IPEndPoint.Parse(options.Value.Listen));
    }
}
