using Health.Service.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace Health.Service.Tests;

public sealed class ListenerTests
{
    /// <summary>Slow bodies and unread answers are ended by the listener; connections, and what each may send, have an end.</summary>
    [Fact]
    public async Task Listener_OfTheService_IsBounded()
    {
        await using var host = await HealthHost.StartAsync();

        var limits = host.Get<IOptions<KestrelServerOptions>>().Value.Limits;

        Assert.NotNull(limits.MinRequestBodyDataRate);
        Assert.NotNull(limits.MinResponseDataRate);
        Assert.Equal(HealthListener.MostConnections, limits.MaxConcurrentConnections);
        Assert.Equal(HealthListener.LargestBody, limits.MaxRequestBodySize);
        Assert.Equal(HealthListener.LargestBody, limits.MaxRequestBufferSize);
    }
}
