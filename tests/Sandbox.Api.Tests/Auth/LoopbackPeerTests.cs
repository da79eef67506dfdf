using System.Net;
using System.Net.Sockets;
using Sandbox.Api.Auth;

namespace Sandbox.Api.Tests.Auth;

/// <summary>Whose process the other end of a connection is, as the kernel tells it.</summary>
public sealed class LoopbackPeerTests
{
    [Theory]
    [InlineData("127.0.0.1", AddressFamily.InterNetwork)]
    [InlineData("127.0.0.1", AddressFamily.InterNetworkV6)]
    [InlineData("::1", AddressFamily.InterNetworkV6)]
    public async Task User_OfAnOpenConnection_IsTheOneThatHoldsIt(string address, AddressFamily family)
    {
        using var listener = new TcpListener(IPAddress.Parse(address), 0);
        listener.Start();
        using var client = new Socket(family, SocketType.Stream, ProtocolType.Tcp);
        if (family is AddressFamily.InterNetworkV6)
        {
            client.DualMode = true;
        }

        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var accepted = await listener.AcceptSocketAsync();

        Assert.Equal(OwnUser(), UserOf(accepted));
    }

    /// <summary>The kernel shows root for a socket that no process holds any more: a request that was sent before the end of its sender is
    /// nobody's.</summary>
    [Fact]
    public async Task User_OfAConnectionThatWasClosed_IsNotKnown()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint);
        using var accepted = await listener.AcceptSocketAsync();
        await client.SendAsync("GET / HTTP/1.1"u8.ToArray());

        client.Dispose();

        Assert.Null(UserOf(accepted));
    }

    private static uint? UserOf(Socket accepted) =>
        LoopbackPeer.UserOf((IPEndPoint)accepted.RemoteEndPoint!, (IPEndPoint)accepted.LocalEndPoint!);

    private static uint OwnUser() => uint.Parse(
        File.ReadLines("/proc/self/status").First(line => line.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[2],
        System.Globalization.CultureInfo.InvariantCulture);
}
