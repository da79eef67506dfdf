using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Sandbox.Storage.Redis;

/// <summary>
/// The connection to Redis and its circuit breaker. <b>Closed</b>: calls go through, each for a short time at most. The first that fails
/// opens it. <b>Open</b>: calls answer "nothing" at once, so that no caller pays a timeout; a loop of its own connects, asks, and
/// closes it when Redis answers. It begins open: a process never waits for Redis to start.
/// </summary>
internal sealed partial class RedisConnection : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly RedisTarget _target;
    private readonly RedisOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<RedisConnection> _logger;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _reconnecting;
    private volatile TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IConnectionMultiplexer? _redis;

    public RedisConnection(RedisTarget target, IOptions<RedisOptions> options, TimeProvider time, ILogger<RedisConnection> logger)
    {
        (_target, _options, _time, _logger) = (target, options.Value, time, logger);
        _opened.SetResult();
        _reconnecting = Task.Run(ReconnectAsync);
    }

    /// <summary>Whether calls go through.</summary>
    public bool IsClosed => _closed.Task.IsCompleted;

    /// <summary>Completes when the circuit is closed: at once, or when Redis answers again.</summary>
    public Task Closed => _closed.Task;

    /// <summary>Completes when the circuit is open.</summary>
    public Task Opened => _opened.Task;

    public RedisOptions Options => _options;

    /// <summary>The answer of Redis; <paramref name="otherwise"/> at once while the circuit is open, or after a short time
    /// when Redis does not answer.</summary>
    public async Task<T> AskAsync<T>(Func<IDatabase, Task<T>> ask, T otherwise, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!IsClosed || _redis is not { } redis)
        {
            return otherwise;
        }

        try
        {
            return await BoundedAsync(ask(redis.GetDatabase()), cancellationToken);
        }
        catch (RedisServerException exception)
        {
            // It answers, only not what was asked (loading, full, read-only): no caller waits for that.
            Log.Refused(_logger, exception.Message);
            return otherwise;
        }
        catch (Exception exception) when (IsTrouble(exception))
        {
            Open(exception);
            return otherwise;
        }
    }

    /// <summary>The multiplexer, once it is there; it connects and reconnects by itself.</summary>
    public async Task<IConnectionMultiplexer> MultiplexerAsync(CancellationToken cancellationToken)
    {
        while (_redis is null)
        {
            await Closed.WaitAsync(cancellationToken);
        }

        return _redis;
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _reconnecting;
        if (_redis is { } redis)
        {
            // Without waiting for what is under way: nothing there is worth a slow end.
            await redis.CloseAsync(allowCommandsToComplete: false);
            await redis.DisposeAsync();
        }

        _ended.Dispose();
    }

    /// <summary>What can become of a call to a server that is absent, full, loading, silent or not ours.</summary>
    internal static bool IsTrouble(Exception exception) =>
        exception is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException or SocketException
            or IOException;

    private async Task<T> BoundedAsync<T>(Task<T> call, CancellationToken cancellationToken)
    {
        try
        {
            // The client looks for overdue calls about once a second only.
            return await call.WaitAsync(_options.CallTimeout, _time, cancellationToken);
        }
        catch (Exception) when (!call.IsCompleted)
        {
            // No caller waits for it any more; what becomes of it is of no interest.
            _ = call.ContinueWith(
                static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            throw;
        }
    }

    private void Open(Exception cause)
    {
        if (!_closed.Task.IsCompleted)
        {
            return;
        }

        lock (_lock)
        {
            if (_closed.Task.IsCompleted)
            {
                _closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _opened.TrySetResult();
                Log.Opened(_logger, cause.GetType().Name);
            }
        }
    }

    private void Close()
    {
        lock (_lock)
        {
            _opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _closed.TrySetResult();
            Log.Closed(_logger);
        }
    }

    private async Task ReconnectAsync()
    {
        try
        {
            while (true)
            {
                if (await AnswersAsync())
                {
                    Close();
                    await Opened.WaitAsync(_ended.Token);
                }

                await Task.Delay(_options.Probe, _time, _ended.Token);
            }
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            // The process ends.
        }
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            _redis ??= await _target.ConnectAsync(_options);
            await BoundedAsync(_redis.GetDatabase().PingAsync(), _ended.Token);
            return true;
        }
        catch (Exception exception) when (IsTrouble(exception))
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2001, LogLevel.Warning, "Redis does not answer ({Cause}); going on without it, only slower")]
        public static partial void Opened(ILogger logger, string cause);

        [LoggerMessage(2003, LogLevel.Debug, "Redis refused a call: {Refusal}")]
        public static partial void Refused(ILogger logger, string refusal);

        [LoggerMessage(2002, LogLevel.Information, "Redis answers")]
        public static partial void Closed(ILogger logger);
    }
}
