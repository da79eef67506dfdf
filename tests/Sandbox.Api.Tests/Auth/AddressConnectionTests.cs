using System.Net;
using System.Net.Sockets;
using Sandbox.Api.Tests.Servers;
using Sandbox.Testing.Clusters;

namespace Sandbox.Api.Tests.Auth;

/// <summary>How many connections one machine has of the public port.</summary>
public sealed class AddressConnectionTests
{
    private static readonly IPAddress First = IPAddress.Parse("127.0.0.2"), Second = IPAddress.Parse("127.0.0.3");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Address_WithAsManyConnectionsAsItMay_GetsNoOther_AndOthersDo()
    {
        await using var server = await ApiServer.StartAsync(("Api:MaxConnectionsPerAddress", "2"));
        using var one = await ConnectAsync(server, First);
        using var two = await ConnectAsync(server, First);
        Assert.True(await IsServedAsync(one) && await IsServedAsync(two), "the address may have two connections");

        using (var three = await ConnectAsync(server, First))
        {
            Assert.False(await IsServedAsync(three), "the third one of an address that may have two was to be closed");
        }

        using var other = await ConnectAsync(server, Second);
        Assert.True(await IsServedAsync(other), "another address has connections of its own");
        one.Dispose();
        await Wait.UntilAsync(
            async () =>
            {
                using var next = await ConnectAsync(server, First);
                return await IsServedAsync(next);
            },
            () => "a connection that was closed makes room for another of its address");
    }

    [Fact]
    public async Task Proxy_ThatIsTrusted_HasAsManyConnectionsAsItsCallersNeed()
    {
        await using var server = await ApiServer.StartAsync(
            ("Api:MaxConnectionsPerAddress", "1"), ("Api:TrustedProxies:0", "127.0.0.2/31"));
        using var one = await ConnectAsync(server, First);
        using var two = await ConnectAsync(server, First);

        Assert.True(await IsServedAsync(one) && await IsServedAsync(two), "a proxy's connections are those of many callers");
    }

    private static async Task<TcpClient> ConnectAsync(ApiServer server, IPAddress from)
    {
        var client = new TcpClient(new IPEndPoint(from, 0));
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, server.Address.Port, Token);
        }
        catch (SocketException closed) when (closed.SocketErrorCode is SocketError.ConnectionReset)
        {
            // So quickly that it was hardly open.
        }

        return client;
    }

    /// <summary>False: it was closed without an answer.</summary>
    private static async Task<bool> IsServedAsync(TcpClient client)
    {
        if (!client.Connected)
        {
            return false;
        }

        var stream = client.GetStream();
        try
        {
            await stream.WriteAsync("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray(), Token);
            return await stream.ReadAsync(new byte[64 * 1024], Token) > 0;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
