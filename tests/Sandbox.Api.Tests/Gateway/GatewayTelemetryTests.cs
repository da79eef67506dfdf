using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Sandbox.Api.Gateway;
using Sandbox.Testing.Clusters;

namespace Sandbox.Api.Tests.Gateway;

/// <summary>What the gateway tells of requests, by the names of OpenTelemetry's conventions for generative AI.</summary>
public sealed partial class GatewayTelemetryTests
{
    private const string Stream =
        """{"model":"told","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"a b c"}]}""";

    [Fact]
    public async Task Request_ThatIsAnswered_IsASpanAndMeasurements()
    {
        await using var server = await GatewayServer.StartAsync();
        using var echo = await EchoProcess.StartAsync("a", "told");
        await server.OfferAsync(GatewayServer.Model("told", echo.Replica));
        using var seen = new Seen(server);

        Assert.Equal(HttpStatusCode.OK, (await server.AnswerAsync(Stream)).Status);

        var span = await seen.SpanAsync();
        Assert.Equal(("chat told", ActivityKind.Client, ActivityStatusCode.Unset), (span.DisplayName, span.Kind, span.Status));
        Assert.Equal(
            "gen_ai.operation.name=chat gen_ai.provider.name=sandbox.aspire gen_ai.request.model=told gen_ai.usage.input_tokens=3 "
                + "gen_ai.usage.output_tokens=3",
            Text(span.TagObjects));
        const string Common = "gen_ai.operation.name=chat gen_ai.provider.name=sandbox.aspire gen_ai.request.model=told";
        Assert.Equal(
            [
                ("gen_ai.client.token.usage", $"{Common} gen_ai.token.type=input"),
                ("gen_ai.client.token.usage", $"{Common} gen_ai.token.type=output"),
                ("gen_ai.server.request.duration", Common),
                ("gen_ai.server.time_per_output_token", Common),
                ("gen_ai.server.time_to_first_token", Common),
            ],
            seen.Measurements.Select(one => (one.Name, one.Tags)).Order());
        Assert.Equal(
            [3, 3], seen.Measurements.Where(one => one.Name == "gen_ai.client.token.usage").Select(one => one.Value));
    }

    [Fact]
    public async Task Request_ThatFails_TellsItsError_AndNoTimesOfTokens()
    {
        await using var server = await GatewayServer.StartAsync();
        var engine = await server.EngineAsync("a", http =>
        {
            http.Response.StatusCode = 500;
            return http.Response.WriteAsync("broken");
        });
        await server.OfferAsync(GatewayServer.Model("told", engine));
        using var seen = new Seen(server);

        Assert.Equal(HttpStatusCode.InternalServerError, (await server.AnswerAsync(Stream)).Status);

        var span = await seen.SpanAsync();
        Assert.Equal((ActivityStatusCode.Error, "500"), (span.Status, span.GetTagItem("error.type")));
        var (name, tags, _) = Assert.Single(seen.Measurements);
        Assert.Equal("gen_ai.server.request.duration", name);
        Assert.StartsWith("error.type=500 ", tags, StringComparison.Ordinal);
    }

    /// <summary>A query for a name that is not there shows nothing for ever.</summary>
    [Fact]
    public async Task Dashboard_AsksForNothing_ThatTheGatewayDoesNotTell()
    {
        await using var server = await GatewayServer.StartAsync();
        using var seen = new Seen(server);
        var told = seen.Instruments.Select(
            name => $"{GatewayTelemetry.Name}_{name}".ToLowerInvariant().Replace('.', '_')).ToHashSet();
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Sandbox.Aspire.sln")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("no Sandbox.Aspire.sln above the tests");
        }

        using var dashboard = JsonDocument.Parse(
            await File.ReadAllTextAsync(Path.Combine(folder, "deploy", "grafana", "dashboards", "gateway.json")));
        var asked = dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .SelectMany(target => Metric().Matches(target.GetProperty("expr").GetString()!))
            .Select(match => match.Groups[1].Value).ToHashSet();

        Assert.Equal(5, told.Count);
        Assert.Equal(told.Order(), asked.Order());
    }

    private static string Text(IEnumerable<KeyValuePair<string, object?>> tags) =>
        string.Join(' ', tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}"));

    [GeneratedRegex(@"(sandbox_gateway_\w+?)(_bucket|_count|_sum)?\b")]
    private static partial Regex Metric();

    /// <summary>What one server has told since this began.</summary>
    private sealed class Seen : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _spans = [];
        private readonly ConcurrentQueue<(string Name, string Tags, double Value)> _measurements = [];
        private readonly ConcurrentQueue<string> _instruments = [];
        private readonly MeterListener _meters = new();
        private readonly ActivityListener _activities;

        public Seen(GatewayServer server)
        {
            var scope = server.Api.Get<IMeterFactory>();
            _meters.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == GatewayTelemetry.Name && instrument.Meter.Scope == scope)
                {
                    _instruments.Enqueue(instrument.Name);
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _meters.SetMeasurementEventCallback<double>(
                (instrument, value, tags, _) => _measurements.Enqueue((instrument.Name, Text(tags.ToArray()), value)));
            _meters.Start();
            _activities = new ActivityListener
            {
                ShouldListenTo = static source => source.Name == GatewayTelemetry.Name,
                Sample = static (ref _) => ActivitySamplingResult.AllData,
                // Servers of other tests have the same source; none has this model.
                ActivityStopped = activity =>
                {
                    if (activity.GetTagItem("gen_ai.request.model") is "told")
                    {
                        _spans.Enqueue(activity);
                    }
                },
            };
            ActivitySource.AddActivityListener(_activities);
        }

        public IReadOnlyList<string> Instruments => [.. _instruments];

        public IReadOnlyList<(string Name, string Tags, double Value)> Measurements => [.. _measurements];

        /// <summary>The span of the request, which ends after its reader has the answer, and after everything was measured.</summary>
        public async Task<Activity> SpanAsync()
        {
            await Wait.UntilAsync(() => Task.FromResult(!_spans.IsEmpty), () => "the request has a span");
            return Assert.Single(_spans);
        }

        public void Dispose()
        {
            _activities.Dispose();
            _meters.Dispose();
        }
    }
}
