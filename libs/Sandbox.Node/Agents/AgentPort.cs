using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Agent;
using Sandbox.Contracts.Ids;

namespace Sandbox.Node.Agents;

/// <summary>
/// The one TCP port for agents that no socket of this node reaches (pods). A connection says one line first, with its token,
/// and then belongs to that incarnation's transport; one that says anything else, too much or nothing in time is closed without an
/// answer. The line is not encrypted: anyone who can read or change the cluster's network can take a token, and with it pose as
/// that one sandbox's agent, never as another's.
/// </summary>
internal sealed partial class AgentPort(
    AgentTokens tokens, IOptions<WorkerOptions> options, TimeProvider time, ILogger<AgentPort> logger) : IHostedService, IDisposable
{
    private const int MaxLine = 256;

    internal static readonly TimeSpan HelloWait = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<IncarnationId, ConnectionQueue> _expected = new();
    private readonly UnknownConnections _unknown = new();
    private readonly CancellationTokenSource _closing = new();
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;

    /// <summary>Where it listens; null: it does not.</summary>
    public IPEndPoint? Address => (IPEndPoint?)_listener?.LocalEndPoint;

    /// <summary>From now on connections with this incarnation's token arrive here; disposing it ends that.</summary>
    public IConnectionAcceptor Expect(IncarnationId incarnation)
    {
        if (_listener is null)
        {
            throw new InvalidOperationException(
                $"Agents that dial over TCP need {WorkerOptions.Section}:{nameof(WorkerOptions.AgentListen)} and a secret "
                    + $"({WorkerOptions.Section}:{nameof(WorkerOptions.AgentSecretFile)} or {nameof(WorkerOptions.AgentSecret)}).");
        }

        var queue = new ConnectionQueue(gone => _expected.TryRemove(KeyValuePair.Create(incarnation, gone)));
        return _expected.TryAdd(incarnation, queue)
            ? queue
            : throw new InvalidOperationException($"Incarnation {incarnation} is expected already.");
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.AgentListen.Length > 0)
        {
            // Fails here and now when the secret is missing.
            _ = tokens.Of(default);
            var address = IPEndPoint.Parse(options.Value.AgentListen);
            var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            _listener = listener;
            listener.Bind(address);
            listener.Listen(512);
            _accepting = AcceptAsync(listener);
            Log.Listening(logger, Address);
        }

        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _closing.CancelAsync();
        _listener?.Dispose();
        await _accepting;
    }

    public void Dispose()
    {
        _closing.Cancel();
        _listener?.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_closing.IsCancellationRequested)
        {
            try
            {
                _ = GreetAsync(await listener.AcceptAsync(_closing.Token));
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // Out of descriptors, or the other side left again: both pass. Closed: the loop ends.
                await Task.Delay(Pause, time, _closing.Token)
                    .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }

    private async Task GreetAsync(Socket socket)
    {
        var taken = false;
        try
        {
            _unknown.Add(socket);
            socket.NoDelay = true;
            using var limit = new CancellationTokenSource(HelloWait, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _closing.Token);
            taken = await ReadLineAsync(socket, either.Token) is { } line
                && line.StartsWith($"{AgentRoutes.TcpHello} ", StringComparison.Ordinal)
                && tokens.TryRead(line[(AgentRoutes.TcpHello.Length + 1)..], out var incarnation)
                && _expected.TryGetValue(incarnation, out var queue)
                && _unknown.TryRemove(socket)
                && queue.TryAdd(socket);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It left, or it took too long.
        }
        finally
        {
            if (!taken)
            {
                _unknown.TryRemove(socket);
                socket.Dispose();
            }
        }
    }

    /// <summary>The first line, without its end; null when there is none in the first bytes. An agent waits for its owner to
    /// speak after the line, so bytes behind it are no agent's.</summary>
    private static async Task<string?> ReadLineAsync(Socket socket, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaxLine];
        var length = 0;
        while (length < MaxLine)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(length), SocketFlags.None, cancellationToken);
            if (read == 0)
            {
                return null;
            }

            length += read;
            if (buffer.AsSpan(0, length).IndexOf((byte)'\n') is >= 0 and var end)
            {
                return end == length - 1 ? Encoding.UTF8.GetString(buffer, 0, end) : null;
            }
        }

        return null;
    }

    /// <summary>What arrived for one incarnation and was not taken yet; beyond the bound it is refused, and dials again.</summary>
    private sealed class ConnectionQueue(Action<ConnectionQueue> gone) : IConnectionAcceptor
    {
        private readonly Channel<Socket> _sockets = Channel.CreateBounded<Socket>(ListeningTransport.MaxIdle);

        public bool TryAdd(Socket socket) => _sockets.Writer.TryWrite(socket);

        public ValueTask<Socket> NextAsync(CancellationToken cancellationToken) => _sockets.Reader.ReadAsync(cancellationToken);

        public void Dispose()
        {
            gone(this);
            _sockets.Writer.TryComplete();
            while (_sockets.Reader.TryRead(out var socket))
            {
                socket.Dispose();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4011, LogLevel.Information, "Agents may dial {Address}")]
        public static partial void Listening(ILogger logger, IPEndPoint? address);
    }
}
