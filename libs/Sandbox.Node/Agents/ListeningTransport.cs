using System.Net.Sockets;
using System.Threading.Channels;

namespace Sandbox.Node.Agents;

/// <summary>
/// The owner's side of an agent that dials out: where its connections arrive (a Unix socket in the incarnation's folder, or
/// the common TCP port), and those that it keeps ready. What comes in here comes from inside a sandbox, so numbers and rates
/// are bounded.
/// </summary>
internal sealed class ListeningTransport : IAgentTransport
{
    /// <summary>Bytes of a Unix socket's path, without the closing zero.</summary>
    public const int MaxPath = 107;

    /// <summary>Connections that wait unused.</summary>
    public const int MaxIdle = 16;

    /// <summary>Time without any connection after which the agent counts as lost.</summary>
    internal static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan ConnectionWait = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SlotPause = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly LinkedList<Socket> _idle = [];
    private readonly HashSet<AgentConnection> _used = [];
    private readonly LinkedList<TaskCompletionSource<AgentConnection>> _waiting = [];
    private readonly SemaphoreSlim _slots = new(MaxIdle);
    private readonly CancellationTokenSource _closing = new();
    private readonly IConnectionAcceptor _acceptor;
    private readonly TimeProvider _time;
    private TaskCompletionSource _connected = Fresh();
    private bool _watchingForLoss;

    public ListeningTransport(IConnectionAcceptor acceptor, TimeProvider time)
    {
        (_acceptor, _time) = (acceptor, time);
        _ = AcceptAsync(_closing.Token);
    }

    public event Action? Lost;

    public bool IsConnected => Connected.IsCompletedSuccessfully;

    public Task Connected => Volatile.Read(ref _connected).Task;

    public int Losses { get; private set; }

    /// <summary>Listens on <paramref name="file"/>; what is left there of an earlier owner is replaced, and an agent that
    /// lives dials again by itself.</summary>
    public static ListeningTransport Open(string file, TimeProvider time) => new(UnixConnectionAcceptor.Open(file), time);

    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        LinkedListNode<TaskCompletionSource<AgentConnection>> place;
        lock (_gate)
        {
            if (!IsConnected)
            {
                throw new IOException("the agent is not connected");
            }

            if (TakeIdle() is { } connection)
            {
                return connection;
            }

            place = _waiting.AddLast(new TaskCompletionSource<AgentConnection>(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        return await WaitAsync(place, cancellationToken);
    }

    public void Dispose()
    {
        _closing.Cancel();
        _acceptor.Dispose();
        Forget(final: true);
    }

    private static TaskCompletionSource Fresh() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task<Stream> WaitAsync(LinkedListNode<TaskCompletionSource<AgentConnection>> place, CancellationToken cancellationToken)
    {
        try
        {
            return await place.Value.Task.WaitAsync(ConnectionWait, _time, cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            lock (_gate)
            {
                if (place.List is not null)
                {
                    _waiting.Remove(place);
                }
            }

            if (place.Value.Task.IsCompletedSuccessfully)
            {
                await (await place.Value.Task).DisposeAsync();
            }

            throw exception is TimeoutException ? new IOException("the agent keeps no connection ready") : exception;
        }
    }

    private async Task AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                await _slots.WaitAsync(cancellationToken);
                await AcceptOneAsync(cancellationToken);
            }
        }
        catch (Exception exception)
            when (exception is OperationCanceledException or ObjectDisposedException or SocketException or ChannelClosedException)
        {
            // Closed: this is how the loop ends.
        }
    }

    private async Task AcceptOneAsync(CancellationToken cancellationToken)
    {
        try
        {
            Add(await _acceptor.NextAsync(cancellationToken));
        }
        catch (SocketException) when (!cancellationToken.IsCancellationRequested)
        {
            // Out of descriptors, or the other side left again: both pass.
            await ReturnSlotAsync();
        }
    }

    private void Add(Socket socket)
    {
        lock (_gate)
        {
            if (_waiting.First is { } first)
            {
                _waiting.RemoveFirst();
                _slots.Release();
                first.Value.SetResult(Use(socket));
            }
            else
            {
                _ = WatchAsync(_idle.AddLast(socket));
            }

            _connected.TrySetResult();
        }
    }

    /// <summary>Keeps one empty read pending on an idle connection: it ends when the agent does.</summary>
    private async Task WatchAsync(LinkedListNode<Socket> place)
    {
        try
        {
            await place.Value.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Reset: dead as well.
        }

        lock (_gate)
        {
            if (place.List is null)
            {
                return;
            }

            // An agent never speaks first, so bytes are no better than an end.
            _idle.Remove(place);
            WatchForLoss();
        }

        place.Value.Dispose();
        await ReturnSlotAsync();
    }

    /// <summary>Slower than at once, so that a sandbox that dials and hangs up in a loop costs its owner little.</summary>
    private async Task ReturnSlotAsync()
    {
        await PauseAsync(SlotPause);
        _slots.Release();
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, _time, _closing.Token);
        }
        catch (OperationCanceledException)
        {
            // Closed meanwhile: the caller looks at that next.
        }
    }

    private AgentConnection? TakeIdle()
    {
        while (_idle.First is { } first)
        {
            _idle.RemoveFirst();
            _slots.Release();
            if (!first.Value.Poll(0, SelectMode.SelectRead))
            {
                WatchForLoss();
                return Use(first.Value);
            }

            first.Value.Dispose();
        }

        WatchForLoss();
        return null;
    }

    private AgentConnection Use(Socket socket)
    {
        var connection = new AgentConnection(socket, Ended);
        _used.Add(connection);
        return connection;
    }

    private void Ended(AgentConnection connection)
    {
        lock (_gate)
        {
            _used.Remove(connection);
            WatchForLoss();
        }
    }

    private void WatchForLoss()
    {
        if (_idle.Count == 0 && !_watchingForLoss && IsConnected && !_closing.IsCancellationRequested)
        {
            _watchingForLoss = true;
            _ = JudgeAsync();
        }
    }

    private async Task JudgeAsync()
    {
        while (true)
        {
            await PauseAsync(Grace);
            lock (_gate)
            {
                var settled = _idle.Count > 0 || _closing.IsCancellationRequested;
                if (!settled && _used.Any(connection => connection.IsOpen))
                {
                    continue;
                }

                _watchingForLoss = false;
                if (settled)
                {
                    return;
                }
            }

            Forget(final: false);
            Lost?.Invoke();
            return;
        }
    }

    private void Forget(bool final)
    {
        List<IDisposable> dead = [];
        lock (_gate)
        {
            Losses++;
            dead.AddRange(_used);
            _used.Clear();
            dead.AddRange(final ? _idle : []);
            if (final)
            {
                _idle.Clear();
            }

            foreach (var waiting in _waiting)
            {
                waiting.SetException(new IOException("the agent is gone"));
            }

            _waiting.Clear();
            if (IsConnected && _idle.Count == 0)
            {
                Volatile.Write(ref _connected, Fresh());
            }
        }

        dead.ForEach(connection => connection.Dispose());
    }
}
