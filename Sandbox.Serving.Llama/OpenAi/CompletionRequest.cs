using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text.Json;
using Sandbox.Serving.Llama.Inference;

namespace Sandbox.Serving.Llama.OpenAi;

/// <summary>The body of a request for a completion.</summary>
internal sealed class CompletionRequest : IDisposable
{
    /// <summary>Of a body.</summary>
    public const int MostBytes = 8 * 1024 * 1024;

    private const int MostStopWords = 16;

    private readonly JsonDocument _document;

    private CompletionRequest(JsonDocument document) => _document = document;

    public JsonElement Body => _document.RootElement;

    public string? Model => Text("model");

    public bool IsStream => Flag(Body, "stream");

    /// <summary>Whether a last chunk tells the tokens.</summary>
    public bool IncludesUsage => Body.TryGetProperty("stream_options", out var options)
        && options.ValueKind is JsonValueKind.Object && Flag(options, "include_usage");

    /// <exception cref="InvalidRequestException">It is no JSON object.</exception>
    public static async Task<CompletionRequest> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        JsonDocument document;
        try
        {
            document = await JsonDocument.ParseAsync(request.Body, cancellationToken: cancellationToken);
        }
        catch (JsonException)
        {
            throw new InvalidRequestException("The body is not JSON.");
        }

        if (document.RootElement.ValueKind is JsonValueKind.Object)
        {
            return new(document);
        }

        document.Dispose();
        throw new InvalidRequestException("The body is a JSON object.");
    }

    /// <exception cref="InvalidRequestException">A value is of the wrong kind or out of its range.</exception>
    public GenerationOptions ReadOptions()
    {
        if (Number("n", 1, 128) is > 1)
        {
            throw new InvalidRequestException("n is 1: this engine makes one answer.");
        }

        return new()
        {
            MaxTokens = (int?)(Number("max_completion_tokens", 1, int.MaxValue) ?? Number("max_tokens", 1, int.MaxValue)),
            Temperature = (float)(Number("temperature", 0, 2) ?? 1),
            TopP = (float)(Number("top_p", 0, 1) ?? 1),
            Seed = Number("seed", long.MinValue, long.MaxValue) is { } seed
                ? unchecked((uint)(long)seed) : BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(sizeof(uint))),
            Stop = ReadStop(),
        };
    }

    public void Dispose() => _document.Dispose();

    private static bool Flag(JsonElement parent, string name) => parent.TryGetProperty(name, out var value) && value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False or JsonValueKind.Null => false,
        _ => throw new InvalidRequestException($"{name} is true or false."),
    };

    private string? Text(string name) => !Body.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null ? null
        : value.ValueKind is JsonValueKind.String ? value.GetString()
        : throw new InvalidRequestException($"{name} is text.");

    private double? Number(string name, double least, double most) =>
        !Body.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null ? null
        : value.ValueKind is JsonValueKind.Number && value.TryGetDouble(out var number) && number >= least && number <= most ? number
        : throw new InvalidRequestException(FormattableString.Invariant($"{name} is a number from {least} to {most}."));

    private ImmutableArray<string> ReadStop()
    {
        if (!Body.TryGetProperty("stop", out var stop) || stop.ValueKind is JsonValueKind.Null)
        {
            return [];
        }

        var words = stop.ValueKind is JsonValueKind.Array ? stop.EnumerateArray().ToImmutableArray() : [stop];
        return words.Length <= MostStopWords
            && words.All(word => word.ValueKind is JsonValueKind.String && word.GetString() is { Length: > 0 })
                ? [.. words.Select(word => word.GetString()!)]
                : throw new InvalidRequestException($"stop is a text or at most {MostStopWords} of them, none empty.");
    }
}
