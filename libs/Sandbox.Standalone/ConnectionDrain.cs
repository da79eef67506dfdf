using Microsoft.AspNetCore.Connections;

namespace Sandbox.Standalone;

/// <summary>
/// Counts the connections on the local socket, so that an owner leaves only when no client uses it: the last look and the
/// closing of the socket to new connections are one step, and a client that comes later is refused at once and finds the folder free.
/// </summary>
internal sealed class ConnectionDrain
{
    private readonly Lock _gate = new();
    private TaskCompletionSource _none = NewSignal(completed: true);
    private int _count;
    private bool _closed;

    public async Task TrackAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (!TryEnter())
        {
            connection.Abort();
            return;
        }

        try
        {
            await next(connection);
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>True: no connection is open, and none is let in any more. False: one still is.</summary>
    public bool TryClose()
    {
        lock (_gate)
        {
            _closed |= _count == 0;
            return _closed;
        }
    }

    /// <summary>Completes when the last connection has ended.</summary>
    public Task WhenNone()
    {
        lock (_gate)
        {
            return _none.Task;
        }
    }

    private bool TryEnter()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return false;
            }

            if (_count++ == 0)
            {
                _none = NewSignal(completed: false);
            }

            return true;
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_count == 0)
            {
                _none.SetResult();
            }
        }
    }

    private static TaskCompletionSource NewSignal(bool completed)
    {
        var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (completed)
        {
            signal.SetResult();
        }

        return signal;
    }
}
