using System.Globalization;
using Sandbox.Agent.Native;

namespace Sandbox.Agent.Telemetry;

/// <summary>Log lines on standard error, where the engine keeps them. Written without the console classes, which would touch the
/// terminal.</summary>
internal sealed class StderrLogger(string category, TimeProvider time) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Information and not LogLevel.None;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{time.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {logLevel} {category}[{eventId.Id}] "
                + $"{formatter(state, exception)}{(exception is null ? "" : " " + exception)}");
        StandardError.WriteLine(line);
    }
}

internal sealed class StderrLoggerProvider(TimeProvider time) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new StderrLogger(categoryName, time);

    public void Dispose()
    {
    }
}
