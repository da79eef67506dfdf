using System.Net.Sockets;

namespace Sandbox.Testing.Clusters;

/// <summary>
/// Stands between one process and a store on a Unix socket. Cut, it carries nothing in either direction, and what connects is not
/// answered: connections stay open and silent, as over a network whose packets are lost. The stores of the tests have no network of
/// their own that a namespace or a firewall could cut, and the process keeps its connections to everything else.
/// </summary>
public sealed class StoreRelay : IDisposable
{
    private readonly string _store;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _ended = new();
    private volatile TaskCompletionSource _open = Opened();

    public StoreRelay(string path, string store)
    {
        _store = store;
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(256);
        _ = AcceptAsync();
    }

    public void Cut() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>What was on its way arrives late.</summary>
    public void Heal() => _open.TrySetResult();

    public void Dispose()
    {
        _ended.Cancel();
        _listener.Dispose();
    }

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = RelayAsync(await _listener.AcceptAsync(_ended.Token));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The cluster has ended.
        }
    }

    private async Task RelayAsync(Socket process)
    {
        using var store = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using (process)
        {
            try
            {
                await _open.Task.WaitAsync(_ended.Token);
                await store.ConnectAsync(new UnixDomainSocketEndPoint(_store), _ended.Token);
                await Task.WhenAny(CarryAsync(process, store), CarryAsync(store, process));
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
                // The store is away, or the cluster has ended: the process sees its connection end.
            }
        }
    }

    private async Task CarryAsync(Socket from, Socket to)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _ended.Token) is > 0 and var read)
            {
                await _open.Task.WaitAsync(_ended.Token);
                for (var sent = 0; sent < read;)
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, read - sent), _ended.Token);
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One side hung up.
        }
    }
}
