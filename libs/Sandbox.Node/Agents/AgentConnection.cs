using System.Net.Sockets;

namespace Sandbox.Node.Agents;

/// <summary>A connection in use, which tells its transport when it has ended.</summary>
internal sealed class AgentConnection(Socket socket, Action<AgentConnection> ended) : NetworkStream(socket, ownsSocket: true)
{
    private Action<AgentConnection>? _ended = ended;

    /// <summary>Whether the other side keeps it open: readable with nothing to read is the end.</summary>
    public bool IsOpen
    {
        get
        {
            try
            {
                return !Socket.Poll(0, SelectMode.SelectRead) || Socket.Available > 0;
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                return false;
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Interlocked.Exchange(ref _ended, null)?.Invoke(this);
    }
}
