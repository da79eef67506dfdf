using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;

namespace Sandbox.Testing;

/// <summary>What a relay does with a request that it was told to look out for.</summary>
public enum RelayFault
{
    /// <summary>The engine is gone before it hears the request, until <see cref="EngineRelay.Restore"/>.</summary>
    Cut,

    /// <summary>The engine hears and does it, and is gone before it can answer, until <see cref="EngineRelay.Restore"/>.</summary>
    CutAnswer,

    /// <summary>The engine never answers this one; others go on.</summary>
    Hang,

    /// <summary>The engine hears and does it, and its answer is kept back until <see cref="EngineRelay.LetGo"/>; others go on.</summary>
    HoldAnswer,
}

/// <summary>
/// Stands between a test and the machine's engine on a Unix socket of its own, and can be cut and restored: an engine that
/// stops in the middle of something, without stopping the real one.
/// </summary>
public sealed class EngineRelay : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _lock = new();
    private readonly HashSet<Socket> _open = [];
    private Socket _listener;
    private readonly TaskCompletionSource _letGo = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private (string Method, string Path, RelayFault Fault)? _trap;
    private TaskCompletionSource _sprung = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public EngineRelay() => _listener = Listen();

    public string SocketPath => _folder.File("engine.sock");

    /// <summary>For <c>DockerHost</c> of the options.</summary>
    public string Address => $"unix://{SocketPath}";

    /// <summary>Completes when the request set by <see cref="Trap"/> was met.</summary>
    public Task Sprung => _sprung.Task;

    /// <summary>Lies in wait for one request whose path contains <paramref name="path"/>.</summary>
    public void Trap(string method, string path, RelayFault fault)
    {
        lock (_lock)
        {
            _trap = (method, path, fault);
            _sprung = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Ends every connection and refuses new ones, as an engine that was stopped.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            _listener.Dispose();
            File.Delete(SocketPath);
            foreach (var socket in _open)
            {
                socket.Dispose();
            }

            _open.Clear();
        }
    }

    public void Restore()
    {
        lock (_lock)
        {
            _listener = Listen();
        }
    }

    /// <summary>Hands on the answers that were kept back.</summary>
    public void LetGo() => _letGo.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        Cut();
        _ended.Dispose();
        _folder.Dispose();
    }

    private Socket Listen()
    {
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(SocketPath));
        listener.Listen(64);
        _ = AcceptAsync(listener);
        return listener;
    }

    private async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
            {
                _ = RelayAsync(await listener.AcceptAsync(_ended.Token));
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Cut: Restore listens anew.
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using var engine = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        using (client)
        {
            Remember(client, engine);
            try
            {
                await engine.ConnectAsync(new UnixDomainSocketEndPoint(DockerEngine.Socket), _ended.Token);
                var (dropAnswer, holdAnswer) = (new StrongBox<bool>(), new StrongBox<bool>());
                await Task.WhenAny(
                    RequestsAsync(client, engine, dropAnswer, holdAnswer), AnswersAsync(engine, client, dropAnswer, holdAnswer));
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // Cut, or one side hung up.
            }
            finally
            {
                Forget(client, engine);
            }
        }
    }

    private async Task RequestsAsync(Socket client, Socket engine, StrongBox<bool> dropAnswer, StrongBox<bool> holdAnswer)
    {
        var buffer = new byte[64 * 1024];
        while (await client.ReceiveAsync(buffer, _ended.Token) is > 0 and var read)
        {
            switch (Take(Encoding.Latin1.GetString(buffer, 0, Math.Min(read, 2048))))
            {
                case RelayFault.Cut:
                    Spring();
                    return;
                case RelayFault.CutAnswer:
                    Volatile.Write(ref dropAnswer.Value, true);
                    break;
                case RelayFault.HoldAnswer:
                    Volatile.Write(ref holdAnswer.Value, true);
                    break;
                case RelayFault.Hang:
                    _sprung.TrySetResult();
                    await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _ended.Token);
                    break;
            }

            await engine.SendAsync(buffer.AsMemory(0, read), _ended.Token);
        }
    }

    private async Task AnswersAsync(Socket engine, Socket client, StrongBox<bool> dropAnswer, StrongBox<bool> holdAnswer)
    {
        var buffer = new byte[64 * 1024];
        while (await engine.ReceiveAsync(buffer, _ended.Token) is > 0 and var read)
        {
            if (Volatile.Read(ref dropAnswer.Value))
            {
                Spring();
                return;
            }

            if (Volatile.Read(ref holdAnswer.Value))
            {
                _sprung.TrySetResult();
                await _letGo.Task.WaitAsync(_ended.Token);
            }

            await client.SendAsync(buffer.AsMemory(0, read), _ended.Token);
        }
    }

    private void Spring()
    {
        Cut();
        _sprung.TrySetResult();
    }

    private void Remember(params ReadOnlySpan<Socket> sockets)
    {
        lock (_lock)
        {
            foreach (var socket in sockets)
            {
                _open.Add(socket);
            }
        }
    }

    private void Forget(params ReadOnlySpan<Socket> sockets)
    {
        lock (_lock)
        {
            foreach (var socket in sockets)
            {
                _open.Remove(socket);
            }
        }
    }

    /// <summary>What is to happen with a chunk from the client, if it begins the request that is waited for.</summary>
    private RelayFault? Take(string chunk)
    {
        lock (_lock)
        {
            var line = chunk.Split("\r\n", 2)[0];
            if (_trap is not { } trap || !line.StartsWith(trap.Method + " ", StringComparison.Ordinal)
                || !line.Contains(trap.Path, StringComparison.Ordinal))
            {
                return null;
            }

            _trap = null;
            return trap.Fault;
        }
    }
}
