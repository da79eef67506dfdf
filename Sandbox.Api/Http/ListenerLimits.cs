using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Sandbox.Api.Http;

/// <summary>What a connection may cost before anybody has looked whose it is. Bodies and answers that go too slowly are ended by Kestrel's
/// own least rates; routes that stream lift those for themselves.</summary>
internal sealed class ListenerLimits(IOptions<ApiOptions> options) : IConfigureOptions<KestrelServerOptions>
{
    /// <summary>Bytes of a request that are taken in before anything asks for them. It is the memory that a connection can hold which is
    /// in no budget.</summary>
    private const int UnreadBytes = 128 * 1024;

    public void Configure(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBufferSize = UnreadBytes;
        try
        {
            kestrel.Limits.MaxConcurrentConnections = options.Value.MaxConnections;
        }
        catch (OptionsValidationException)
        {
            // The server is made before options are checked; its start refuses them, in one place with all others.
        }
    }
}
