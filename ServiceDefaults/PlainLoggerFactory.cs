using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.Hosting;

/// <summary>Loggers whose messages are one line without control characters, whoever put something into them: a name that a caller chose,
/// or what a registry said, is no second entry of the log and no command to the terminal that shows it.</summary>
internal sealed class PlainLoggerFactory(ILoggerFactory inner) : ILoggerFactory
{
    public ILogger CreateLogger(string categoryName) => new PlainLogger(inner.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    public void Dispose() => inner.Dispose();

    private sealed class PlainLogger(ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => inner.IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (inner.IsEnabled(logLevel))
            {
                var plain = Plain(exception);
                inner.Log(logLevel, eventId, state, plain, (said, _) => PlainLogText.OneLine(formatter(said, exception)));
            }
        }

        private static Exception? Plain(Exception? exception) =>
            exception?.ToString() is { } text && PlainLogText.Lines(text) is var plain && plain != text
                ? new PlainException(PlainLogText.OneLine(exception.Message), plain) : exception;
    }

    /// <summary>An exception whose text had control characters.</summary>
    private sealed class PlainException(string message, string text) : Exception(message)
    {
        public override string ToString() => text;
    }
}
