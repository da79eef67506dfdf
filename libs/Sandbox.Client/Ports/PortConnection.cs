using System.Net.WebSockets;

namespace Sandbox.Client.Ports;

/// <summary>One TCP connection to a port inside a sandbox. Reading and writing may go on at once, and either may end before the
/// other.</summary>
public sealed class PortConnection : IDisposable
{
    private readonly WebSocket _socket;

    internal PortConnection(WebSocket socket) => _socket = socket;

    /// <summary>0 when the other side has ended its output; writing may go on.</summary>
    /// <exception cref="SandboxClientException">Nothing listens on the port, the sandbox is not there, or the connection broke.</exception>
    public async Task<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var received = await _socket.ReceiveAsync(buffer, cancellationToken);
                if (received.MessageType is WebSocketMessageType.Close)
                {
                    return _socket.CloseStatus is WebSocketCloseStatus.NormalClosure
                        ? 0
                        : throw new SandboxClientException(
                            SandboxClientException.Failed, _socket.CloseStatusDescription ?? "The server closed the connection.");
                }

                if (received.Count > 0)
                {
                    return received.Count;
                }
            }
        }
        catch (WebSocketException exception)
        {
            throw Broken(exception);
        }
    }

    /// <exception cref="SandboxClientException">The connection broke.</exception>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await _socket.SendAsync(bytes, WebSocketMessageType.Binary, endOfMessage: true, cancellationToken);
        }
        catch (WebSocketException exception)
        {
            throw Broken(exception);
        }
    }

    /// <summary>Ends the output of this side; what was written before still arrives, and reading goes on.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", cancellationToken);
        }
        catch (WebSocketException)
        {
            // It has ended already.
        }
    }

    public void Dispose() => _socket.Dispose();

    private static SandboxClientException Broken(WebSocketException exception) =>
        new(SandboxClientException.Unreachable, $"The connection to the sandbox broke: {exception.GetBaseException().Message}", exception);
}
