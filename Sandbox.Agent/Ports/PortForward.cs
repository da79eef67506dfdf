using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http.Features;

namespace Sandbox.Agent.Ports;

/// <summary>
/// A tunnel to a TCP port of the sandbox: as a WebSocket (ROCK's form; <c>half_close=true</c> lets either side end its output alone), or,
/// with <c>Upgrade: tcp</c>, as the bare connection.
/// </summary>
internal sealed class PortForward(TimeProvider time)
{
    private const string WebSocketGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    /// <summary>What stands between the two ends (a balancer, a proxy) often cuts what is silent for a minute.</summary>
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(30);

    /// <summary>So late that only a caller that has gone without a word is given up.</summary>
    private static readonly TimeSpan PongLimit = TimeSpan.FromMinutes(10);

    public async Task HandleAsync(HttpContext context)
    {
        var protocol = context.Request.Headers.Upgrade.ToString();
        var upgrade = context.Features.Get<IHttpUpgradeFeature>();
        if (upgrade is not { IsUpgradableRequest: true })
        {
            context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
            context.Response.Headers.Upgrade = "websocket, tcp";
        }
        else if (protocol.Equals("tcp", StringComparison.OrdinalIgnoreCase))
        {
            await ServeBareAsync(context, upgrade);
        }
        else if (protocol.Equals("websocket", StringComparison.OrdinalIgnoreCase) && Key(context) is { } key)
        {
            context.Response.Headers.SecWebSocketAccept = Convert.ToBase64String(Sha1.Hash(Encoding.ASCII.GetBytes(key + WebSocketGuid)));
            context.Response.Headers.Upgrade = "websocket";
            context.Response.Headers.Connection = "Upgrade";
            await using var stream = await upgrade.UpgradeAsync();
            var halfClose = context.Request.Query["half_close"] == "true";
            using var socket = OpenSocket(stream, PingInterval, halfClose);
            await ServeAsync(socket, context.Request.Query["port"], halfClose, context.RequestAborted);
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
        }
    }

    /// <param name="halfClose">A side that has ended its output, or was told the other's end, may read no more and then answers no ping:
    /// its silence says nothing.</param>
    internal static WebSocket OpenSocket(Stream stream, TimeSpan pingInterval, bool halfClose) => WebSocket.CreateFromStream(
        stream,
        new WebSocketCreationOptions
        {
            IsServer = true,
            KeepAliveInterval = pingInterval,
            KeepAliveTimeout = halfClose ? Timeout.InfiniteTimeSpan : PongLimit,
        });

    private static string? Key(HttpContext context) =>
        context.Request.Headers.SecWebSocketVersion == "13" && context.Request.Headers.SecWebSocketKey.ToString() is { Length: 24 } key
            ? key : null;

    private static int? Port(string? text) =>
        ushort.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0 ? port : null;

    private static async Task CloseAsync(WebSocket socket, WebSocketCloseStatus status, string reason, CancellationToken cancellationToken)
    {
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            await socket.CloseOutputAsync(status, reason, cancellationToken);
        }
    }

    private async Task ServeBareAsync(HttpContext context, IHttpUpgradeFeature upgrade)
    {
        if (Port(context.Request.Query["port"]) is not { } port)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        using var target = await ConnectAsync(port, context.RequestAborted);
        if (target is null)
        {
            context.Response.StatusCode = StatusCodes.Status502BadGateway;
            return;
        }

        context.Response.Headers.Upgrade = "tcp";
        context.Response.Headers.Connection = "Upgrade";
        await using var stream = await upgrade.UpgradeAsync();
        await using var inside = target.GetStream();
        await Tunnel.RunAsync(stream, inside, target.Client, context.RequestAborted);
    }

    private async Task ServeAsync(WebSocket socket, string? portText, bool halfClose, CancellationToken cancellationToken)
    {
        try
        {
            if (Port(portText) is not { } port)
            {
                await CloseAsync(
                    socket, WebSocketCloseStatus.PolicyViolation, "the port is not a number from 1 to 65535", cancellationToken);
                return;
            }

            using var target = await ConnectAsync(port, cancellationToken);
            if (target is null)
            {
                await CloseAsync(socket, WebSocketCloseStatus.InternalServerError, $"nothing listens on port {port}", cancellationToken);
                return;
            }

            await using var inside = target.GetStream();
            await Tunnel.RunAsync(socket, inside, target.Client, halfClose, cancellationToken);
            await CloseAsync(socket, WebSocketCloseStatus.NormalClosure, "", cancellationToken);
        }
        catch (Exception exception)
            when (exception is WebSocketException or IOException or SocketException or OperationCanceledException)
        {
            // One of the two sides is gone, and with it the tunnel.
            socket.Abort();
        }
    }

    /// <summary>Null when nothing answers there, on either address of the loopback.</summary>
    private async Task<TcpClient?> ConnectAsync(int port, CancellationToken cancellationToken) =>
        await ConnectAsync(IPAddress.Loopback, port, cancellationToken)
        ?? await ConnectAsync(IPAddress.IPv6Loopback, port, cancellationToken);

    private async Task<TcpClient?> ConnectAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ConnectLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        TcpClient? client = null;
        try
        {
            client = new TcpClient(address.AddressFamily) { NoDelay = true };
            await client.ConnectAsync(address, port, either.Token);
            return client;
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            client?.Dispose();
            return null;
        }
    }
}
