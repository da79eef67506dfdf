using Microsoft.Extensions.Logging;
using Sandbox.Storage.Feeds;
using StackExchange.Redis;

namespace Sandbox.Storage.Redis;

/// <summary>
/// Wake-ups by publish and subscribe. Redis keeps nothing for a subscriber that is not there, and a connection may be dead without a
/// word, so the backplane listens to itself: it hears when what it published a moment ago came back. As long as it does not, it
/// delivers nothing (another backplane may), and when it begins or ceases to hear, every waiter is woken once.
/// </summary>
internal sealed partial class RedisBackplane(RedisConnection connection, TimeProvider time, ILogger<RedisBackplane> logger)
    : IChangeBackplane
{
    private static readonly RedisChannel Changes = RedisChannel.Literal("sandbox:changes");

    // Of this process alone: no other pays for the probes.
    private readonly RedisChannel _probes = RedisChannel.Literal($"sandbox:probe:{Guid.NewGuid():N}");
    private readonly CancellationTokenSource _ended = new();
    private readonly Lock _lock = new();
    private TaskCompletionSource _hearing = New();
    private TaskCompletionSource _deaf = Done();
    private TaskCompletionSource? _echo;
    private long _probe;
    private Action _missed = static () => { };
    private Task _listening = Task.CompletedTask;

    /// <summary>Completes when it hears.</summary>
    internal Task Hearing => Volatile.Read(ref _hearing).Task;

    /// <summary>Completes when it does not hear.</summary>
    internal Task Deaf => Volatile.Read(ref _deaf).Task;

    public void Listen(Action<string> heard, Action missed)
    {
        _missed = missed;
        _listening = Task.Run(() => ListenAsync(heard));
    }

    public Task<bool> TrySendAsync(string message, CancellationToken cancellationToken) => Hearing.IsCompleted
        ? connection.AskAsync(
            async database =>
            {
                await database.PublishAsync(Changes, message);
                return true;
            },
            otherwise: false, cancellationToken)
        : Task.FromResult(false);

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _listening;
        _ended.Dispose();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static TaskCompletionSource Done()
    {
        var done = New();
        done.SetResult();
        return done;
    }

    private async Task ListenAsync(Action<string> heard)
    {
        try
        {
            var redis = await connection.MultiplexerAsync(_ended.Token);
            redis.ConnectionFailed += OnConnectionFailed;
            await SubscribeAsync(redis.GetSubscriber(), heard);
            while (true)
            {
                var probe = NextProbe(out var echo);
                SetHearing(await HearsAsync(probe, echo.Task), probe);
                await Task.Delay(connection.Options.Probe, time, _ended.Token);
            }
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // The process ends.
        }
    }

    /// <summary>Once; the client subscribes again by itself after each new connection.</summary>
    private async Task SubscribeAsync(ISubscriber subscriber, Action<string> heard)
    {
        while (true)
        {
            try
            {
                await subscriber.UnsubscribeAllAsync();
                await subscriber.SubscribeAsync(Changes, (_, message) => heard((string?)message ?? ""));
                await subscriber.SubscribeAsync(_probes, (_, message) => OnEcho((long)message));
                return;
            }
            catch (Exception exception) when (RedisConnection.IsTrouble(exception))
            {
                await Task.Delay(connection.Options.Probe, time, _ended.Token);
            }
        }
    }

    private long NextProbe(out TaskCompletionSource echo)
    {
        lock (_lock)
        {
            echo = _echo = New();
            return ++_probe;
        }
    }

    private async Task<bool> HearsAsync(long probe, Task echo)
    {
        var sent = await connection.AskAsync(
            async database =>
            {
                await database.PublishAsync(_probes, probe);
                return true;
            },
            otherwise: false, _ended.Token);
        if (!sent)
        {
            return false;
        }

        try
        {
            await echo.WaitAsync(connection.Options.CallTimeout, time, _ended.Token);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private void OnEcho(long probe)
    {
        lock (_lock)
        {
            if (probe == _probe)
            {
                _echo?.TrySetResult();
            }
        }
    }

    private void OnConnectionFailed(object? sender, ConnectionFailedEventArgs failed)
    {
        if (failed.ConnectionType is ConnectionType.Subscription)
        {
            // An echo from before says nothing about the connection that comes now.
            SetHearing(false, NextProbe(out _));
        }
    }

    private void SetHearing(bool hears, long probe)
    {
        lock (_lock)
        {
            if (probe != _probe || hears == _hearing.Task.IsCompleted)
            {
                return;
            }

            // Waiters are woken first, so that a reader of the new state begins after that.
            _missed();
            if (hears)
            {
                _deaf = New();
                _hearing.SetResult();
            }
            else
            {
                _hearing = New();
                _deaf.SetResult();
            }
        }

        Log.Changed(logger, hears ? "arrive" : "do not arrive");
    }

    private static partial class Log
    {
        [LoggerMessage(2011, LogLevel.Information, "Wake-ups through Redis {Arrive}")]
        public static partial void Changed(ILogger logger, string arrive);
    }
}
