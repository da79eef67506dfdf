using System.Net.Sockets;
using Sandbox.Serving.Routing;

namespace Sandbox.Testing;

/// <summary>Connections to engines at their address, without a sandbox around them.</summary>
public sealed class TcpReplicaConnector : IReplicaConnector
{
    public async ValueTask<Stream> ConnectAsync(Replica replica, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(replica);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(replica.Address.Host, replica.Address.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            throw new IOException($"nobody listens at {replica.Address}", exception);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
