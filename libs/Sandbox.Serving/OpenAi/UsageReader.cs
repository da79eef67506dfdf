using System.Text.Json;

namespace Sandbox.Serving.OpenAi;

/// <summary>Reads the usage out of an answer that passes by, streamed or not, without holding it: engines say it at the end.</summary>
public sealed class UsageReader
{
    /// <summary>How much of an answer's end is kept, in bytes.</summary>
    private const int Kept = 8 << 10;

    private readonly byte[] _end = new byte[Kept];
    private int _length;

    /// <summary>The next bytes of the answer, in any pieces.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        var added = bytes.Length > Kept ? bytes[^Kept..] : bytes;
        var stays = Math.Min(_length, Kept - added.Length);
        _end.AsSpan(_length - stays, stays).CopyTo(_end);
        added.CopyTo(_end.AsSpan(stays));
        _length = stays + added.Length;
    }

    /// <summary>The last usage that was said; null when none was. In a text of the model, a quotation mark has a backslash before it, so
    /// that it cannot be mistaken for one.</summary>
    public TokenUsage? Read()
    {
        ReadOnlySpan<byte> left = _end.AsSpan(0, _length);
        for (int at; (at = left.LastIndexOf("\"usage\""u8)) >= 0; left = left[..at])
        {
            if (TryRead(_end.AsSpan(at + "\"usage\""u8.Length, _length - at - "\"usage\""u8.Length)) is { } usage)
            {
                return usage;
            }
        }

        return null;
    }

    /// <param name="json">From behind the name of the property.</param>
    private static TokenUsage? TryRead(ReadOnlySpan<byte> json)
    {
        var value = json.TrimStart(" \r\n\t"u8);
        if (value is not [(byte)':', ..])
        {
            return null;
        }

        try
        {
            var reader = new Utf8JsonReader(value[1..], isFinalBlock: false, state: default);
            return JsonElement.TryParseValue(ref reader, out var usage) && usage is { ValueKind: JsonValueKind.Object }
                ? new(NumberOf(usage.Value, "prompt_tokens", "input_tokens"), NumberOf(usage.Value, "completion_tokens", "output_tokens"))
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>The second name is that of the responses interface.</summary>
    private static long NumberOf(JsonElement usage, string name, string otherName) =>
        (usage.TryGetProperty(name, out var number) || usage.TryGetProperty(otherName, out number))
            && number.ValueKind is JsonValueKind.Number && number.TryGetInt64(out var tokens)
            ? Math.Max(0, tokens)
            : 0;
}
