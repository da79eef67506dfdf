using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Sandbox.Node.Membership;
using Sandbox.Node.NodeApi;

namespace Sandbox.Worker.Tests.NodeApi;

public sealed class NodeApiListenerTests
{
    /// <summary>Slow bodies and unread answers are ended by the listener; connections, and what each may send, have an end.</summary>
    [Fact]
    public void Listener_OfTheNodeApi_IsBounded()
    {
        var kestrel = new KestrelServerOptions();

        new NodeApiListener(Options.Create(new NodeOptions())).Configure(kestrel);

        Assert.NotNull(kestrel.Limits.MinRequestBodyDataRate);
        Assert.NotNull(kestrel.Limits.MinResponseDataRate);
        Assert.Equal(NodeApiListener.MostConnections, kestrel.Limits.MaxConcurrentConnections);
        Assert.Equal(
            (NodeApiListener.LargestBody, NodeApiListener.UnreadBytes),
            (kestrel.Limits.MaxRequestBodySize!.Value, kestrel.Limits.MaxRequestBufferSize!.Value));
    }
}
