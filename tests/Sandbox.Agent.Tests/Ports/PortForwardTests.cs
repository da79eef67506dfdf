using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Sandbox.Agent.Ports;
using Sandbox.Agent.Tests.Running;

namespace Sandbox.Agent.Tests.Ports;

public sealed class PortForwardTests(AgentFixture agent) : IClassFixture<AgentFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void Sha1_OfAnyLength_IsThatOfTheStandard()
    {
        for (var length = 0; length < 200; length++)
        {
            var data = Enumerable.Range(0, length).Select(i => (byte)i).ToArray();
#pragma warning disable CA5350 // what ours is compared with
            Assert.Equal(SHA1.HashData(data), Sha1.Hash(data));
#pragma warning restore CA5350
        }
    }

    // C26
    [Fact]
    public async Task WebSocket_ToAServerOnTheOtherLoopback_ReachesIt()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "this machine has no IPv6");
        using var limit = new CancellationTokenSource(Patience);
        using var server = new TcpListener(IPAddress.IPv6Loopback, 0);
        server.Start();
        using var socket = await ConnectAsync($"{((IPEndPoint)server.LocalEndpoint).Port}", limit.Token);
        using var inside = await server.AcceptTcpClientAsync(limit.Token);

        await inside.GetStream().WriteAsync(Encoding.UTF8.GetBytes("here"), limit.Token);
        var received = new byte[4];
        await socket.ReceiveAsync(received.AsMemory(), limit.Token);

        Assert.Equal("here", Encoding.UTF8.GetString(received));
    }

    // C30: frames, not the class of the client, because that class answers pings and says nothing of it.
    [Fact]
    public async Task WebSocket_InSilence_IsPinged()
    {
        using var limit = new CancellationTokenSource(Patience);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, limit.Token);
        using var served = await listener.AcceptTcpClientAsync(limit.Token);
        using var socket = PortForward.OpenSocket(served.GetStream(), TimeSpan.FromMilliseconds(50), halfClose: false);
        _ = socket.ReceiveAsync(new byte[16].AsMemory(), limit.Token).AsTask();

        var first = new byte[1];
        await client.GetStream().ReadExactlyAsync(first, limit.Token);

        Assert.Equal(0x89, first[0]);
    }

    [Fact]
    public async Task WebSocket_ToAServer_CarriesBytesBothWays()
    {
        using var limit = new CancellationTokenSource(Patience);
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        var port = ((IPEndPoint)server.LocalEndpoint).Port;
        using var socket = await ConnectAsync($"{port}", limit.Token);
        using var inside = await server.AcceptTcpClientAsync(limit.Token);

        await socket.SendAsync(Encoding.UTF8.GetBytes("ping"), WebSocketMessageType.Binary, true, limit.Token);
        var received = new byte[4];
        await inside.GetStream().ReadExactlyAsync(received, limit.Token);
        await inside.GetStream().WriteAsync(Encoding.UTF8.GetBytes("pong!"), limit.Token);
        var buffer = new byte[100];
        var answer = await socket.ReceiveAsync(buffer, limit.Token);
        inside.Dispose();
        var end = await socket.ReceiveAsync(buffer.AsMemory(50), limit.Token);

        Assert.Equal("ping", Encoding.UTF8.GetString(received));
        Assert.Equal("pong!", Encoding.UTF8.GetString(buffer, 0, answer.Count));
        Assert.Equal((WebSocketMessageType.Close, WebSocketCloseStatus.NormalClosure), (end.MessageType, socket.CloseStatus));
    }

    [Fact]
    public async Task WebSocket_WhoseCallerEndsItsHalf_StillBringsTheAnswer()
    {
        using var limit = new CancellationTokenSource(Patience);
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        using var socket = await ConnectAsync($"{((IPEndPoint)server.LocalEndpoint).Port}&half_close=true", limit.Token);
        using var inside = await server.AcceptTcpClientAsync(limit.Token);

        await socket.SendAsync("question"u8.ToArray(), WebSocketMessageType.Binary, true, limit.Token);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", limit.Token);
        using var asked = new StreamReader(inside.GetStream(), leaveOpen: true);
        var question = await asked.ReadToEndAsync(limit.Token);
        await inside.GetStream().WriteAsync("answer"u8.ToArray(), limit.Token);
        inside.Client.Shutdown(SocketShutdown.Send);

        var buffer = new byte[100];
        var answer = await socket.ReceiveAsync(buffer, limit.Token);
        var end = await socket.ReceiveAsync(buffer.AsMemory(50), limit.Token);
        Assert.Equal("question", question);
        Assert.Equal("answer", Encoding.UTF8.GetString(buffer, 0, answer.Count));
        Assert.Equal((WebSocketMessageType.Close, WebSocketCloseStatus.NormalClosure), (end.MessageType, socket.CloseStatus));
    }

    [Fact]
    public async Task WebSocket_WhoseServerEndsItsHalf_StillTakesWhatIsSent()
    {
        using var limit = new CancellationTokenSource(Patience);
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        using var socket = await ConnectAsync($"{((IPEndPoint)server.LocalEndpoint).Port}&half_close=true", limit.Token);
        using var inside = await server.AcceptTcpClientAsync(limit.Token);
        var stream = inside.GetStream();

        inside.Client.Shutdown(SocketShutdown.Send);
        var end = await socket.ReceiveAsync(new byte[10].AsMemory(), limit.Token);
        await socket.SendAsync("late"u8.ToArray(), WebSocketMessageType.Binary, true, limit.Token);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", limit.Token);

        using var asked = new StreamReader(stream);
        Assert.Equal(WebSocketMessageType.Close, end.MessageType);
        Assert.Equal("late", await asked.ReadToEndAsync(limit.Token));
    }

    /// <summary>As clients of ROCK close: they do not wait for what the other side still has to say.</summary>
    [Fact]
    public async Task WebSocket_ClosedWithoutHalves_EndsBothWays()
    {
        using var limit = new CancellationTokenSource(Patience);
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        using var socket = await ConnectAsync($"{((IPEndPoint)server.LocalEndpoint).Port}", limit.Token);
        using var inside = await server.AcceptTcpClientAsync(limit.Token);

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", limit.Token);

        Assert.Equal(WebSocketState.Closed, socket.State);
    }

    [Theory]
    [InlineData("none", WebSocketCloseStatus.PolicyViolation)]
    [InlineData("70000", WebSocketCloseStatus.PolicyViolation)]
    [InlineData("1", WebSocketCloseStatus.InternalServerError)]
    public async Task WebSocket_ToNothing_IsClosedWithTheReason(string port, WebSocketCloseStatus status)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var socket = await ConnectAsync(port, limit.Token);

        await socket.ReceiveAsync(new byte[10], limit.Token);

        Assert.Equal(status, socket.CloseStatus);
    }

    [Fact]
    public async Task PlainGet_IsToldToUpgrade()
    {
        using var answer = await agent.Http.GetAsync("/rock/portforward?port=80");

        Assert.Equal(HttpStatusCode.UpgradeRequired, answer.StatusCode);
    }

    private async Task<ClientWebSocket> ConnectAsync(string port, CancellationToken cancellationToken)
    {
        var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://agent/rock/portforward?port={port}"), agent.Http, cancellationToken);
        return socket;
    }
}
