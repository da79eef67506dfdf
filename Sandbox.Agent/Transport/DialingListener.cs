using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Sandbox.Agent.Activity;
using Sandbox.Contracts.Agent;

namespace Sandbox.Agent.Transport;

/// <summary>
/// Keeps spare connections to the owner. Each loop connects, waits for the first byte, hands the socket to Kestrel and
/// connects again, so that as many stay spare. An owner that goes away (or whose socket file is made anew) is dialled
/// again with a short backoff.
/// </summary>
internal sealed partial class DialingListener : IConnectionListener
{
    internal const int Spare = 4;

    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(10);

    private readonly EndPoint _owner;
    private readonly byte[] _hello;
    private readonly OwnerPresence _presence;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly SocketConnectionContextFactory _contexts;
    private readonly Channel<ConnectionContext> _ready = Channel.CreateUnbounded<ConnectionContext>();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loops;

    internal DialingListener(OwnerEndPoint endPoint, string token, OwnerPresence presence, TimeProvider time, ILoggerFactory loggers)
    {
        EndPoint = endPoint;
        _owner = endPoint.Owner;
        _hello = _owner is UnixDomainSocketEndPoint ? [] : Encoding.ASCII.GetBytes($"{AgentRoutes.TcpHello} {token}\n");
        (_presence, _time) = (presence, time);
        _log = loggers.CreateLogger<DialingListener>();
        _contexts = new SocketConnectionContextFactory(new SocketConnectionFactoryOptions(), _log);
        _loops = Task.WhenAll(Enumerable.Range(0, Spare).Select(_ => Task.Run(DialAsync)));
    }

    public EndPoint EndPoint { get; }

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await _ready.Reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException)
        {
            return null;
        }
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        await _stop.CancelAsync();
        await _loops;
        _ready.Writer.TryComplete();
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        _contexts.Dispose();
        _stop.Dispose();
    }

    private async Task DialAsync()
    {
        var backoff = FirstBackoff;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                if (await ServeOneAsync())
                {
                    backoff = FirstBackoff;
                    continue;
                }
            }
            catch (SocketException exception)
            {
                Log.OwnerAway(_log, exception.SocketErrorCode);
            }
            catch (OperationCanceledException)
            {
                // Stopping, or a connect that took too long.
            }

            await Task.Delay(backoff, _time, _stop.Token)
                .ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            backoff = backoff * 2 > LongestBackoff ? LongestBackoff : backoff * 2;
        }
    }

    /// <returns>False when the owner closed the connection without having used it.</returns>
    private async Task<bool> ServeOneAsync()
    {
        var socket = await ConnectAsync();
        _presence.Enter();
        ConnectionContext? connection = null;
        try
        {
            await socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None, _stop.Token);
            if (socket.Available == 0)
            {
                return false;
            }

            connection = _contexts.Create(socket);
            connection.ConnectionClosed.Register(_presence.Leave);
            return _ready.Writer.TryWrite(connection);
        }
        finally
        {
            if (connection is null)
            {
                _presence.Leave();
                socket.Dispose();
            }
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        using var limit = new CancellationTokenSource(LongestConnect, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
        var socket = _owner is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var connected = false;
        try
        {
            await socket.ConnectAsync(_owner, either.Token);
            if (_hello.Length > 0)
            {
                await socket.SendAsync(_hello, SocketFlags.None, either.Token);
            }

            connected = true;
            return socket;
        }
        finally
        {
            if (!connected)
            {
                socket.Dispose();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1001, LogLevel.Debug, "The owner cannot be reached: {Reason}")]
        internal static partial void OwnerAway(ILogger logger, SocketError reason);
    }
}
