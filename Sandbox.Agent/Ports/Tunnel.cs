using System.Net.Sockets;
using System.Net.WebSockets;

namespace Sandbox.Agent.Ports;

/// <summary>Carries bytes both ways until both sides have ended; the end of one way is passed on, the other way goes on.</summary>
internal static class Tunnel
{
    private const int BufferBytes = 16 * 1024;

    public static async Task RunAsync(Stream outside, Stream inside, Socket target, CancellationToken cancellationToken)
    {
        try
        {
            var inwards = CopyAsync(outside, inside, target, cancellationToken);
            await inside.CopyToAsync(outside, BufferBytes, cancellationToken);

            // What was served has ended; a caller that only goes on sending would otherwise hold the tunnel for ever.
            target.Shutdown(SocketShutdown.Both);
            await outside.DisposeAsync();
            await inwards;
        }
        catch (Exception exception)
            when (exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One of the two sides is gone, and with it the tunnel.
        }
    }

    /// <param name="halfClose">A close frame of the caller ends only what goes inwards, as an end of input does on a TCP connection.
    /// Without it a close ends both ways, which is how WebSockets are usually closed.</param>
    public static async Task RunAsync(
        WebSocket outside, Stream inside, Socket target, bool halfClose, CancellationToken cancellationToken)
    {
        var inwards = InwardsAsync(outside, inside, target, halfClose, cancellationToken);
        var buffer = new byte[BufferBytes];
        int read;
        while ((read = await inside.ReadAsync(buffer, cancellationToken)) > 0)
        {
            await outside.SendAsync(buffer.AsMemory(0, read), WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        }

        await outside.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", cancellationToken);
        await inwards;
    }

    private static async Task CopyAsync(Stream outside, Stream inside, Socket target, CancellationToken cancellationToken)
    {
        await outside.CopyToAsync(inside, BufferBytes, cancellationToken);
        target.Shutdown(SocketShutdown.Send);
    }

    private static async Task InwardsAsync(
        WebSocket outside, Stream inside, Socket target, bool halfClose, CancellationToken cancellationToken)
    {
        var buffer = new byte[BufferBytes];
        while (true)
        {
            var received = await outside.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                break;
            }

            await inside.WriteAsync(buffer.AsMemory(0, received.Count), cancellationToken);
        }

        target.Shutdown(halfClose ? SocketShutdown.Send : SocketShutdown.Both);
    }
}
