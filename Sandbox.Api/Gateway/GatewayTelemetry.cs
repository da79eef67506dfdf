using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Sandbox.Serving.OpenAi;

namespace Sandbox.Api.Gateway;

/// <summary>What the gateway tells of requests to models, by the names of OpenTelemetry's conventions for generative AI.</summary>
internal sealed class GatewayTelemetry : IDisposable
{
    public const string Name = "Sandbox.Gateway";

    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
    };

    private readonly ActivitySource _source = new(Name);
    private readonly Histogram<double> _duration, _firstByte, _perToken;
    private readonly Counter<long> _tokens;

    public GatewayTelemetry(IMeterFactory meters, ModelTable models)
    {
        var meter = meters.Create(Name);
        _duration = meter.CreateHistogram(
            "gen_ai.server.request.duration", "s", "Time until a request to a model was answered to its end.", tags: null, Seconds);
        _firstByte = meter.CreateHistogram(
            "gen_ai.server.time_to_first_token", "s", "Time until the answer of a model began.", tags: null, Seconds);
        _perToken = meter.CreateHistogram(
            "gen_ai.server.time_per_output_token", "s", "Time for each token of an answer after its first.", tags: null, Seconds);
        _tokens = meter.CreateCounter<long>("gen_ai.client.token.usage", "{token}", "Tokens of prompts and answers.");
        meter.CreateObservableGauge(
            "gateway.queue.length",
            () => models.All.Select(route => new Measurement<int>(route.Pool.Waiting, new KeyValuePair<string, object?>(
                "gen_ai.request.model", route.Model.Name))),
            "{request}", "Requests that wait for a replica of a model.");
    }

    /// <param name="operation">As the conventions name it: chat, text_completion, embeddings.</param>
    public Activity? Begin(string operation, string model)
    {
        var activity = _source.StartActivity($"{operation} {model}", ActivityKind.Server);
        activity?.SetTag("gen_ai.operation.name", operation).SetTag("gen_ai.request.model", model);
        return activity;
    }

    public void End(Activity? activity, string operation, string model, int status, RequestProgress progress)
    {
        var usage = progress.Usage ?? new TokenUsage(0, 0);
        var tags = new TagList { { "gen_ai.operation.name", operation }, { "gen_ai.request.model", model } };
        if (status >= StatusCodes.Status400BadRequest || progress.IsBroken)
        {
            tags.Add("error.type", progress.IsBroken ? "engine_failed" : status.ToString(CultureInfo.InvariantCulture));
            activity?.SetStatus(ActivityStatusCode.Error);
        }

        _duration.Record(progress.Elapsed.TotalSeconds, tags);
        if (progress.TimeToFirstByte is { } first)
        {
            _firstByte.Record(first.TotalSeconds, tags);
            if (usage.CompletionTokens > 1)
            {
                _perToken.Record((progress.Elapsed - first).TotalSeconds / (usage.CompletionTokens - 1), tags);
            }
        }

        Count(usage.PromptTokens, "input", tags);
        Count(usage.CompletionTokens, "output", tags);
        activity?.SetTag("gen_ai.usage.input_tokens", usage.PromptTokens).SetTag("gen_ai.usage.output_tokens", usage.CompletionTokens);
    }

    public void Dispose() => _source.Dispose();

    private void Count(long tokens, string type, TagList tags)
    {
        tags.Add("gen_ai.token.type", type);
        _tokens.Add(tokens, tags);
    }
}
