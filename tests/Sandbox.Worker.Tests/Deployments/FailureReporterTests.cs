using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Policies;
using Sandbox.Node.Deployments;
using Sandbox.Worker.Tests.Running;

namespace Sandbox.Worker.Tests.Deployments;

public sealed class FailureReporterTests
{
    private const string Words = "error mounting \"/var/lib/sandbox/run/x\": dial tcp 10.0.0.5:5432";

    private readonly Lines _log = new();

    [Fact]
    public void Failure_OfATenant_IsTheKindAndAReferenceThatTheLogHasWithTheWords()
    {
        var told = Describe("red");

        Assert.Matches("^the engine refused it \\(the node's log has the reason, under [0-9a-f]{12}\\)$", told);
        var line = Assert.Single(_log.Written);
        Assert.Contains(told[^13..^1], line, StringComparison.Ordinal);
        Assert.Contains(Words, line, StringComparison.Ordinal);
    }

    [Fact]
    public void Failure_OfTheOperatorsTenant_HasTheWords() => Assert.Equal(Words, Describe("default"));

    [Fact]
    public void Failures_OfTheSameKind_HaveReferencesOfTheirOwn() => Assert.NotEqual(Describe("red"), Describe("red"));

    private string Describe(string tenant) =>
        new FailureReporter(Options.Create(new ImagePolicy()), _log)
            .Describe(WorkerHost.Prepare("box") with { Tenant = tenant }, "the engine refused it", new IOException(Words));

    private sealed class Lines : ILogger<FailureReporter>
    {
        public List<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Written.Add($"{formatter(state, exception)} {exception}");
    }
}
