using System.Net;
using System.Net.Sockets;

namespace Sandbox.Testing.Networks;

/// <summary>A service of this machine that says hello to whoever connects, and counts them.</summary>
public sealed class HostListener : IDisposable
{
    private readonly TcpListener _listener;
    private readonly Task _serving;
    private int _connections;

    public HostListener(IPAddress address)
    {
        _listener = new TcpListener(address, 0);
        _listener.Start();
        _serving = ServeAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Those that came until now.</summary>
    public int Connections => Volatile.Read(ref _connections);

    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var caller = await _listener.AcceptSocketAsync();
                Interlocked.Increment(ref _connections);
                await caller.SendAsync("HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"u8.ToArray());
                caller.Shutdown(SocketShutdown.Send);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }
}
