using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Storage.Tests.Contract;

namespace Sandbox.Storage.Tests;

public sealed class StorageTelemetryTests : IDisposable
{
    private readonly Recorder _logs = new();
    private readonly ServiceProvider _services;
    private readonly StorageTelemetry _telemetry;

    public StorageTelemetryTests()
    {
        _services = new ServiceCollection().AddMetrics().AddLogging(logging => logging.AddProvider(_logs)).AddSingleton<StorageTelemetry>()
            .BuildServiceProvider();
        _telemetry = _services.GetRequiredService<StorageTelemetry>();
    }

    public void Dispose() => _services.Dispose();

    [Theory]
    [InlineData(SandboxEvent.Stop)]
    [InlineData(SandboxEvent.Lost)]
    public void Sandbox_ThatRanAndDoesNoMore_IsBilledOnce(SandboxEvent end)
    {
        var running = Given.Pending("billed").Apply(SandboxEvent.Alive) with { Tenant = "red" };
        Assert.True(running.Apply(end, Given.Now.AddSeconds(90.5)).TryGet(out var ended, out var error), error?.Text);

        _telemetry.OnMoved(new SandboxTransition(running, ended, Job: null));

        var (category, fields) = Assert.Single(_logs.Lines);
        Assert.Equal("Sandbox.Billing", category);
        Assert.Equal(
            ("billed", "red", 2d, 1L << 30, 90.5, Given.Now, Given.Now.AddSeconds(90.5)),
            (fields["SandboxId"]!.ToString(), fields["Tenant"], fields["Cpus"], fields["MemoryBytes"], fields["Seconds"],
                fields["StartedAt"], fields["StoppedAt"]));
    }

    [Fact]
    public void Sandbox_ThatNeverRan_IsNotBilled()
    {
        var pending = Given.Pending();

        _telemetry.OnMoved(new SandboxTransition(pending, pending.Apply(SandboxEvent.StartFailed), Job: null));
        _telemetry.OnMoved(new SandboxTransition(pending, pending.Apply(SandboxEvent.Alive), Job: null));

        Assert.Empty(_logs.Lines);
    }

    /// <summary>A stop that deletes in the same write is two things that happened.</summary>
    [Fact]
    public void Move_OfTwoSteps_IsCountedAsBoth()
    {
        var seen = new List<(string?, string?)>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Scope == _services.GetRequiredService<IMeterFactory>() && instrument.Name == "moves")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => seen.Add((tags[0].Value as string, tags[1].Value as string)));
        listener.Start();
        var running = Given.Pending().Apply(SandboxEvent.Alive);

        _telemetry.OnMoved(new SandboxTransition(running, running.Apply(SandboxEvent.Stop).Apply(SandboxEvent.Delete), Job: null));

        Assert.Equal([("stop", "stopped"), ("delete", "deleted")], seen);
        Assert.Single(_logs.Lines);
    }

    private sealed class Recorder : ILoggerProvider, ILogger
    {
        private string _category = "";

        public List<(string Category, IReadOnlyDictionary<string, object?> Fields)> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName)
        {
            _category = categoryName;
            return this;
        }

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(
                (_category, ((IEnumerable<KeyValuePair<string, object?>>)state!).ToDictionary(field => field.Key, field => field.Value)));

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Dispose()
        {
        }
    }
}
