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

    /// <summary>As the conventions have them.</summary>
    private static readonly InstrumentAdvice<double> TokenCounts = new()
    {
        HistogramBucketBoundaries =
            [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864],
    };

    private static readonly KeyValuePair<string, object?> Provider = new("gen_ai.provider.name", "sandbox.aspire");

    private readonly ActivitySource _source = new(Name);
    private readonly Histogram<double> _duration, _firstByte, _perToken, _tokens;

    public GatewayTelemetry(IMeterFactory meters, ModelTable models)
    {
        var meter = meters.Create(Name);
        _duration = meter.CreateHistogram(
            "gen_ai.server.request.duration", "s", "Time until a request to a model was answered to its end.", tags: null, Seconds);
        _firstByte = meter.CreateHistogram(
            "gen_ai.server.time_to_first_token", "s", "Time until the answer of a model began.", tags: null, Seconds);
        _perToken = meter.CreateHistogram(
            "gen_ai.server.time_per_output_token", "s", "Time for each token of an answer after its first.", tags: null, Seconds);
        _tokens = meter.CreateHistogram(
            "gen_ai.client.token.usage", "{token}", "Tokens of a prompt or an answer.", tags: null, TokenCounts);
        meter.CreateObservableGauge(
            "queue.length",
            () => models.All.GroupBy(route => route.Model.Name, route => route.Pool.Waiting).Select(
                waiting => new Measurement<int>(
                    waiting.Sum(), new KeyValuePair<string, object?>("gen_ai.request.model", waiting.Key))),
            "{request}", "Requests that wait for a replica of a model.");
    }

    /// <param name="operation">As the conventions name it: chat, text_completion, embeddings.</param>
    public Activity? Begin(string operation, string model)
    {
        var activity = _source.StartActivity($"{operation} {model}", ActivityKind.Client);
        activity?.AddTag(Provider.Key, Provider.Value).SetTag("gen_ai.operation.name", operation).SetTag("gen_ai.request.model", model);
        return activity;
    }

    public void End(Activity? activity, string operation, string model, int status, RequestProgress progress)
    {
        var usage = progress.Usage ?? new TokenUsage(0, 0);
        var tags = new TagList { Provider, { "gen_ai.operation.name", operation }, { "gen_ai.request.model", model } };
        var isFailed = status >= StatusCodes.Status400BadRequest || progress.IsBroken;
        if (isFailed)
        {
            var type = progress.IsBroken ? "engine_failed" : status.ToString(CultureInfo.InvariantCulture);
            tags.Add("error.type", type);
            activity?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", type);
        }

        _duration.Record(progress.Elapsed.TotalSeconds, tags);
        if (!isFailed && progress.TimeToFirstByte is { } first)
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
        // None: the engine did not tell, or there is no answer of tokens, as of embeddings.
        if (tokens > 0)
        {
            tags.Add("gen_ai.token.type", type);
            _tokens.Record(tokens, tags);
        }
    }
}
