using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Sandbox.Api.Tests.Servers;

/// <summary>Every line that our own projects log, with its exception.</summary>
internal sealed class RecordedLogs : ILoggerProvider, ILogger
{
    private TaskCompletionSource _written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ConcurrentQueue<string> Lines { get; } = new();

    /// <summary>Ends when a line with this beginning was written. A request's own line is written after its caller has the answer, so that
    /// a caller has to wait for it.</summary>
    /// <exception cref="TimeoutException">No such line within the time that even a slow machine needs.</exception>
    public async Task UntilAsync(string beginning)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (true)
        {
            var written = Volatile.Read(ref _written).Task;
            if (Lines.Any(line => line.StartsWith(beginning, StringComparison.Ordinal)))
            {
                return;
            }

            try
            {
                await written.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"A line that begins with \"{beginning}\" was expected; there are:\n{string.Join('\n', Lines)}");
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Lines.Enqueue($"{eventId.Id} {formatter(state, exception)} {exception}");
        Interlocked.Exchange(ref _written, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    public void Dispose()
    {
    }
}
