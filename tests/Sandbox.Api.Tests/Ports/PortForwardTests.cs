using System.Net;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Ports;

/// <summary>The tunnel to a port inside, with a stand-in for the agent that sends back what it gets.</summary>
public sealed class PortForwardTests(SharedApiServer shared) : IClassFixture<SharedApiServer>
{
    private readonly ApiServer _server = shared.Server;

    [Fact]
    public async Task Tunnel_ToARunningSandbox_CarriesBytesBothWays_AndNoCookieGoesInside()
    {
        var asked = new TaskCompletionSource<(string Target, bool HasCookie)>(TaskCreationOptions.RunContinuationsAsynchronously);
        _server.Agent.Routes["/rock/portforward"] = async http =>
        {
            asked.TrySetResult(
                (http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, http.Request.Headers.ContainsKey("Cookie")));
            await EchoAsync(http);
        };
        var sandbox = await _server.GivenRunningAsync();
        using var socket = await ConnectAsync(sandbox.ToString(), "session=secret");

        await socket.SendAsync(
            Encoding.UTF8.GetBytes("ping"), WebSocketMessageType.Binary, endOfMessage: true, TestContext.Current.CancellationToken);
        var buffer = new byte[64];
        var echoed = await socket.ReceiveAsync(buffer.AsMemory(), TestContext.Current.CancellationToken);

        Assert.Equal((WebSocketMessageType.Binary, "ping"), (echoed.MessageType, Encoding.UTF8.GetString(buffer, 0, echoed.Count)));
        Assert.Equal(("/rock/portforward?port=8000", false), await asked.Task);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", TestContext.Current.CancellationToken);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
    }

    [Fact]
    public async Task Tunnel_ToNoSandbox_IsClosedWithTheReason()
    {
        using var socket = await ConnectAsync("nobody");

        var closed = await socket.ReceiveAsync(new byte[64].AsMemory(), TestContext.Current.CancellationToken);

        Assert.Equal((WebSocketMessageType.Close, WebSocketCloseStatus.InternalServerError), (closed.MessageType, socket.CloseStatus));
        Assert.Contains("nobody", socket.CloseStatusDescription, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tunnel_WithoutAHandshake_SaysThatOneIsNeeded()
    {
        using var answer = await _server.Http.GetAsync(
            new Uri($"{ApiServer.Rock}/sandboxes/nobody/portforward?port=8000", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.UpgradeRequired, answer.StatusCode);
        Assert.Contains("websocket", answer.Headers.Upgrade.Select(upgrade => upgrade.Name));
    }

    private static async Task EchoAsync(HttpContext http)
    {
        // As the agent does: by hand, with nothing that the framework would add.
#pragma warning disable CA5350 // What the handshake of WebSockets is made of; it guards nothing.
        http.Response.Headers.SecWebSocketAccept = Convert.ToBase64String(
            System.Security.Cryptography.SHA1.HashData(
                Encoding.ASCII.GetBytes(http.Request.Headers.SecWebSocketKey + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
        http.Response.Headers.Upgrade = "websocket";
        http.Response.Headers.Connection = "Upgrade";
        await using var stream = await http.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        using var socket = WebSocket.CreateFromStream(stream, new WebSocketCreationOptions { IsServer = true });
        var buffer = new byte[64];
        for (var got = await socket.ReceiveAsync(
            buffer.AsMemory(), default); got.MessageType is not WebSocketMessageType.Close; got = await socket.ReceiveAsync(
                buffer.AsMemory(), default))
        {
            await socket.SendAsync(buffer.AsMemory(0, got.Count), got.MessageType, got.EndOfMessage, default);
        }

        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", default);
    }

    private async Task<ClientWebSocket> ConnectAsync(string sandbox, string? cookie = null)
    {
        var socket = new ClientWebSocket();
        if (cookie is not null)
        {
            socket.Options.SetRequestHeader("Cookie", cookie);
        }

        await socket.ConnectAsync(
            new Uri($"ws://{_server.Address.Authority}{ApiServer.Rock}/sandboxes/{sandbox}/portforward?port=8000"),
            TestContext.Current.CancellationToken);
        return socket;
    }
}
