using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Sandbox.Testing.Telemetry;

namespace Sandbox.Observability.Tests;

/// <summary>The last that a process has to tell, when it ends.</summary>
public sealed class TelemetryEndTests
{
    private static readonly TimeSpan LongerThanAnyTest = TimeSpan.FromDays(1);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Span_OfAHostThatStops_IsSentBeforeItHasStopped()
    {
        await using var receiver = OtlpReceiver.Start();
        using var source = new ActivitySource("Sandbox.Ending");
        using var host = Build(receiver.Settings);
        await host.StartAsync(CancellationToken);
        source.StartActivity("the last word")!.Dispose();

        await host.StopAsync(CancellationToken);

        Assert.True(
            receiver.Spans.Any(span => span.Name == "the last word"),
            $"the span was to be sent; received were: {OtlpReceiver.Text(receiver.Spans)}");
    }

    [Fact(Timeout = 30_000)]
    public async Task Host_WhoseCollectorNeverAnswers_StopsAllTheSame()
    {
        using var deaf = new TcpListener(IPAddress.Loopback, 0);
        deaf.Start();
        using var source = new ActivitySource("Sandbox.Ending");
        using var host = Build(
            new() { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = $"http://{deaf.LocalEndpoint}/", ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf" });
        await host.StartAsync(CancellationToken);
        source.StartActivity("nobody hears it")!.Dispose();

        await host.StopAsync(CancellationToken.None).WaitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Sends nothing by itself: only the end of the process does, or nothing does.</summary>
    private static IHost Build(Dictionary<string, string> settings)
    {
        var never = $"{(int)LongerThanAnyTest.TotalMilliseconds}";
        foreach (var name in new[] { "OTEL_BSP_SCHEDULE_DELAY", "OTEL_BLRP_SCHEDULE_DELAY", "OTEL_METRIC_EXPORT_INTERVAL",
            "OTEL_EXPORTER_OTLP_TIMEOUT" })
        {
            settings[name] = never;
        }

        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings!);
        builder.ConfigureOpenTelemetry();
        return builder.Build();
    }
}
