using System.Globalization;

using Sandbox.Node.NodeApi;

namespace Sandbox.Worker.Status;

/// <summary>The last lines that this process logged, for the status page.</summary>
internal sealed class LogTail(TimeProvider time) : ILoggerProvider, INodeLog
{
    private const int Most = 500;

    private readonly Lock _lock = new();
    private readonly Queue<string> _lines = new(Most);

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => new Tail(this, categoryName);

    public void Dispose()
    {
    }

    private void Add(LogLevel level, string category, string message)
    {
        var line = string.Create(
            CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {level,-11} {category} {message}");
        lock (_lock)
        {
            if (_lines.Count == Most)
            {
                _lines.Dequeue();
            }

            _lines.Enqueue(line);
        }
    }

    private sealed class Tail(LogTail all, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                var failure = exception is null ? "" : $": {exception.Message.ReplaceLineEndings(" ")}";
                all.Add(logLevel, category, formatter(state, exception) + failure);
            }
        }
    }
}
