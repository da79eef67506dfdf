using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Sandbox.Api.Tests.Servers;

namespace Sandbox.Api.Tests.Middleware;

/// <summary>What callers, registries and engines say is in messages of logs, and must not look like more than that.</summary>
public sealed class PlainLogTests
{
    [Fact]
    public void Message_WithControlCharactersOfACaller_IsOneLineWithoutThem()
    {
        var logs = Logged(logger => logger.LogWarning("Image {Image} of {Sandbox}", "a\u001b[31m\u009b2J\u202e", "x\r\ncrit: forged"));

        Assert.Equal("0 Image a [31m 2J  of x  crit: forged ", Assert.Single(logs.Lines));
    }

    [Fact]
    public void Exception_WithControlCharacters_KeepsItsLinesAndNothingElse()
    {
        var logs = Logged(logger => logger.LogError(new IOException("the registry said \u001b]0;owned\u0007\rdone"), "It failed"));

        var line = Assert.Single(logs.Lines);
        Assert.StartsWith("0 It failed System.IO.IOException: the registry said  ]0;owned  done", line, StringComparison.Ordinal);
        Assert.DoesNotContain(line, c => char.IsControl(c) && c != '\n');
    }

    [Fact]
    public void Exception_WithoutThem_IsTheSame()
    {
        var seen = default(Exception);
        using var provider = new SeenExceptions(exception => seen = exception);
        var thrown = new IOException("plain\nlines");

        Host(provider).Services.GetRequiredService<ILogger<PlainLogTests>>().LogError(thrown, "It failed");

        Assert.Same(thrown, seen);
    }

    private static RecordedLogs Logged(Action<ILogger> log)
    {
        var logs = new RecordedLogs();
        log(Host(logs).Services.GetRequiredService<ILogger<PlainLogTests>>());
        return logs;
    }

    private static IHost Host(ILoggerProvider provider)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.AddProvider(provider);
        builder.AddServiceDefaults();
        return builder.Build();
    }

    private sealed class SeenExceptions(Action<Exception?> seen) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            seen(exception);

        public void Dispose()
        {
        }
    }
}
