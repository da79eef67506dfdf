using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Sandbox.Serving.OpenAi;

/// <summary>Reads the few properties of a request that a gateway needs, without making objects of the rest.</summary>
public static class RequestReader
{
    /// <summary>Longest name of a model, in characters.</summary>
    private const int LongestModel = 512;

    /// <param name="body">A JSON object.</param>
    /// <param name="error">What is wrong with it, for the client.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> body, [NotNullWhen(true)] out RequestSummary? summary, [NotNullWhen(false)] out string? error)
    {
        try
        {
            (summary, error) = (Read(body), null);
            return true;
        }
        catch (JsonException exception)
        {
            (summary, error) = (null, exception.Message);
            return false;
        }
        catch (InvalidOperationException)
        {
            // The reader finds only when it is asked for a text that it is none.
            (summary, error) = (null, "The body must be UTF-8.");
            return false;
        }
    }

    private static RequestSummary Read(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        if (!reader.Read() || reader.TokenType is not JsonTokenType.StartObject)
        {
            throw new JsonException("The body must be a JSON object.");
        }

        var (seen, summary) = (new HashSet<string>(StringComparer.Ordinal), new RequestSummary("", false, null, default, default));
        while (reader.Read() && reader.TokenType is JsonTokenType.PropertyName)
        {
            var name = NameOf(ref reader);
            if (name is not null && !seen.Add(name))
            {
                // The gateway and the engine might each take another one of them.
                throw new JsonException($"'{name}' is there twice.");
            }

            reader.Read();
            summary = name switch
            {
                "model" => WithModel(summary, ref reader),
                "stream" => summary with { IsStream = FlagOf(ref reader) },
                "user" => summary with { User = TextOf(ref reader, "user") },
                "messages" or "prompt" or "input" => summary with { PromptRange = RangeOf(ref reader) },
                _ => Skip(summary, ref reader),
            };
        }

        // Reads on behind the object: there may be nothing.
        _ = reader.Read();
        return summary.Model.Length switch
        {
            0 => throw new JsonException("'model' is required."),
            > LongestModel => throw new JsonException($"'model' must have {LongestModel} characters at most."),
            _ => summary,
        };
    }

    /// <summary>Null for one that is of no interest.</summary>
    private static string? NameOf(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("model"u8) ? "model"
        : reader.ValueTextEquals("stream"u8) ? "stream"
        : reader.ValueTextEquals("user"u8) ? "user"
        : reader.ValueTextEquals("messages"u8) ? "messages"
        : reader.ValueTextEquals("prompt"u8) ? "prompt"
        : reader.ValueTextEquals("input"u8) ? "input"
        : null;

    private static RequestSummary WithModel(RequestSummary summary, ref Utf8JsonReader reader)
    {
        var model = TextOf(ref reader, "model") ?? "";
        return summary with { Model = model, ModelRange = RangeOf(ref reader) };
    }

    private static string? TextOf(ref Utf8JsonReader reader, string name) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Null => null,
        _ => throw new JsonException($"'{name}' must be text."),
    };

    private static bool FlagOf(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False or JsonTokenType.Null => false,
        _ => throw new JsonException("'stream' must be true or false."),
    };

    private static Range RangeOf(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return start..(int)reader.BytesConsumed;
    }

    private static RequestSummary Skip(RequestSummary summary, ref Utf8JsonReader reader)
    {
        reader.Skip();
        return summary;
    }
}
