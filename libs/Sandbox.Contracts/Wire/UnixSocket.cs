using System.Net.Sockets;

namespace Sandbox.Contracts.Wire;

/// <summary>A connection to a Unix socket, as an HTTP handler's <c>ConnectCallback</c> wants one.</summary>
public static class UnixSocket
{
    /// <exception cref="SocketException">No process listens there.</exception>
    public static async ValueTask<Stream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
