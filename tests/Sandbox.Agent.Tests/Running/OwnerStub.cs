using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Sandbox.Agent.Tests.Running;

/// <summary>An owner as small as it can be: accepts the connections that agents dial and speaks HTTP on them.</summary>
internal sealed class OwnerStub : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Socket _listener;
    private readonly Channel<Socket> _accepted = Channel.CreateUnbounded<Socket>();
    private readonly CancellationTokenSource _stop = new();
    private readonly string _path;
    private readonly Task _loop;
    private readonly List<Socket> _all = [];
    private bool _disposed;

    internal OwnerStub(string path)
    {
        _path = path;
        File.Delete(path);
        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(path));
        _listener.Listen(64);
        _loop = AcceptAsync();
        Http = new HttpClient(new SocketsHttpHandler { ConnectCallback = TakeAsync, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5) })
        {
            BaseAddress = new Uri("http://agent"),
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = HttpVersion.Version11,
        };
    }

    internal HttpClient Http { get; }

    /// <summary>Connections that wait to be used.</summary>
    internal int Idle => _accepted.Reader.Count;

    /// <summary>The next connection that an agent dials, raw.</summary>
    internal async Task<Socket> TakeConnectionAsync(CancellationToken cancellationToken) =>
        await _accepted.Reader.ReadAsync(cancellationToken).AsTask().WaitAsync(Patience, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return;
        }

        await _stop.CancelAsync();
        _listener.Dispose();
        await _loop;
        Http.Dispose();
        lock (_all)
        {
            _all.ForEach(socket => socket.Dispose());
        }

        File.Delete(_path);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync(_stop.Token);
                lock (_all)
                {
                    _all.Add(socket);
                }

                _accepted.Writer.TryWrite(socket);
            }
        }
        catch (Exception stopped) when (stopped is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            _accepted.Writer.TryComplete();
        }
    }

    private async ValueTask<Stream> TakeAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        while (true)
        {
            var socket = await TakeConnectionAsync(cancellationToken);
            // Readable with nothing to read: that agent is gone.
            if (!(socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0))
            {
                return new NetworkStream(socket, ownsSocket: true);
            }
        }
    }
}
