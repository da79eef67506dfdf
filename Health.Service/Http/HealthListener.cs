using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Health.Service.Http;

/// <summary>What a caller may cost before anybody has looked who it is. Bodies and answers that go too slowly are ended by Kestrel's own
/// least rates.</summary>
internal sealed class HealthListener : IConfigureOptions<KestrelServerOptions>
{
    /// <summary>A node asks over one connection, or two.</summary>
    internal const int MostConnections = 8192;

    /// <summary>Bytes. Each endpoint reads less; a signed body is read before there is an endpoint.</summary>
    internal const int LargestBody = 64 * 1024;

    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = MostConnections;
        kestrel.Limits.MaxRequestBodySize = LargestBody;
        kestrel.Limits.MaxRequestBufferSize = LargestBody;
    }
}
