using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Sandbox.Testing;

/// <summary>A hostile registry on this machine: whatever is asked of an image is answered with a byte a second, as long as anybody waits
/// for it.</summary>
public sealed class TricklingRegistry : IDisposable
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    /// <summary>That it is a registry, it says at once.</summary>
    private static readonly byte[] Version = Encoding.ASCII.GetBytes(
        "HTTP/1.1 200 OK\r\nDocker-Distribution-Api-Version: registry/2.0\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _ended = new();
    private int _waiting;

    public TricklingRegistry()
    {
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Host and port, as they stand in names.</summary>
    public string Name => $"localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}";

    /// <summary>Requests that wait for the rest of their answer now.</summary>
    public int Waiting => Volatile.Read(ref _waiting);

    public void Dispose()
    {
        _ended.Cancel();
        _listener.Dispose();
        _ended.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = AnswerAsync(await _listener.AcceptSocketAsync(_ended.Token));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Disposed.
        }
    }

    private async Task AnswerAsync(Socket client)
    {
        using (client)
        {
            try
            {
                var request = await ReadHeadAsync(client);
                if (request.StartsWith("GET /v2/ ", StringComparison.Ordinal))
                {
                    await client.SendAsync(Version, _ended.Token);
                    client.Shutdown(SocketShutdown.Send);
                    return;
                }

                Interlocked.Increment(ref _waiting);
                try
                {
                    await TrickleAsync(client);
                }
                finally
                {
                    Interlocked.Decrement(ref _waiting);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // The client has given up, or this registry is disposed.
            }
        }
    }

    /// <summary>Ends with the first byte that the client does not take any more.</summary>
    private async Task TrickleAsync(Socket client)
    {
        await client.SendAsync("HTTP/1.1 200 OK\r\nX-Slow: "u8.ToArray(), _ended.Token);
        using var ticks = new PeriodicTimer(Pace);
        while (await ticks.WaitForNextTickAsync(_ended.Token))
        {
            await client.SendAsync("a"u8.ToArray(), _ended.Token);
        }
    }

    private async Task<string> ReadHeadAsync(Socket client)
    {
        var (head, buffer) = (new StringBuilder(), new byte[4096]);
        while (!head.ToString().Contains("\r\n\r\n", StringComparison.Ordinal)
            && await client.ReceiveAsync(buffer, _ended.Token) is > 0 and var read)
        {
            head.Append(Encoding.Latin1.GetString(buffer, 0, read));
        }

        return head.ToString();
    }
}
