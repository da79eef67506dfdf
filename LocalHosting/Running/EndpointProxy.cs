using System.Net;
using System.Net.Sockets;

namespace Aspire.Hosting.Running;

/// <summary>One port in front of the replicas of a resource: connections go to those that are ready, in turn.</summary>
internal sealed class EndpointProxy : IAsyncDisposable
{
    private readonly List<Socket> _listeners = [];
    private readonly CancellationTokenSource _ended = new();
    private readonly Func<IReadOnlyList<int>> _targets;
    private readonly Task _accepting;
    private int _turn;

    /// <param name="targets">Ports of the replicas that are ready now.</param>
    public EndpointProxy(int port, Func<IReadOnlyList<int>> targets)
    {
        _targets = targets;
        foreach (var address in Socket.OSSupportsIPv6 ? [IPAddress.Loopback, IPAddress.IPv6Loopback] : new[] { IPAddress.Loopback })
        {
            var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                listener.Bind(new IPEndPoint(address, port));
                listener.Listen();
                _listeners.Add(listener);
            }
            catch (SocketException exception) when (exception.SocketErrorCode is SocketError.AddressNotAvailable)
            {
                listener.Dispose();
            }
        }

        _accepting = Task.WhenAll(_listeners.Select(AcceptAsync));
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        _listeners.ForEach(listener => listener.Dispose());
        await _accepting;
        _ended.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            try
            {
                _ = ServeAsync(await listener.AcceptAsync(_ended.Token));
            }
            catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // A caller that went away before it was answered.
            }
        }
    }

    private async Task ServeAsync(Socket caller)
    {
        using var ownCaller = caller;
        try
        {
            if (await ConnectAsync() is not { } target)
            {
                return;
            }

            using var ownTarget = target;
            caller.NoDelay = target.NoDelay = true;
            await Task.WhenAll(CopyAsync(caller, target), CopyAsync(target, caller));
        }
        catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            // One of the two went away; the other sees its connection close.
        }
    }

    /// <summary>The next replica that answers; null: none does.</summary>
    private async Task<Socket?> ConnectAsync()
    {
        var targets = _targets();
        for (var tries = 0; tries < targets.Count; tries++)
        {
            var target = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                var next = (uint)Interlocked.Increment(ref _turn) % (uint)targets.Count;
                await target.ConnectAsync(IPAddress.Loopback, targets[(int)next], _ended.Token);
                return target;
            }
            catch (SocketException)
            {
                target.Dispose();
            }
        }

        return null;
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        await using var source = new NetworkStream(from);
        await using var sink = new NetworkStream(to);
        try
        {
            await source.CopyToAsync(sink, _ended.Token);
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception)
        {
            // Neither direction is of use without the other.
            from.Close();
            to.Close();
            throw;
        }
    }
}
