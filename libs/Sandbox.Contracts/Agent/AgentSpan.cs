using System.Globalization;

namespace Sandbox.Contracts.Agent;

/// <summary>
/// How long an agent worked on a traced call. A call that carries a sampled <c>traceparent</c> is answered with
/// <see cref="Header"/>: the trace's id and the microseconds until the answer began. The owner makes the span of it, because a
/// static program without TLS cannot send any itself.
/// </summary>
public readonly record struct AgentSpan(string TraceId, long Microseconds)
{
    /// <summary>Of requests, as W3C has it.</summary>
    public const string ParentHeader = "traceparent";

    /// <summary>Of answers; taken off before they go on to the caller.</summary>
    public const string Header = "Sandbox-Agent-Span";

    private const int ParentLength = 55;
    private const int TraceLength = 32;
    private const int Sampled = 1;

    /// <summary>A call takes a day at most; whatever says more is not believed.</summary>
    private const long Longest = 24L * 3600 * 1_000_000;

    /// <summary>The trace that a <c>traceparent</c> names; null: there is none, it is malformed, or it is not sampled.</summary>
    public static string? TraceOf(string? parent) =>
        parent is { Length: >= ParentLength }
        && parent[2] == '-' && parent[35] == '-' && parent[52] == '-'
        && (parent.Length == ParentLength || (parent[ParentLength] == '-' && !parent.StartsWith("00", StringComparison.Ordinal)))
        && IsHex(parent.AsSpan(0, 2)) && !parent.StartsWith("ff", StringComparison.Ordinal)
        && IsId(parent.AsSpan(3, TraceLength)) && IsId(parent.AsSpan(36, 16))
        && IsHex(parent.AsSpan(53, 2)) && (Digit(parent[54]) & Sampled) != 0
            ? parent.Substring(3, TraceLength)
            : null;

    public static bool TryParse(string? text, out AgentSpan span)
    {
        span = default;
        if (text is not { Length: > TraceLength + 1 and <= TraceLength + 20 } || text[TraceLength] != ' '
            || !IsId(text.AsSpan(0, TraceLength))
            || !long.TryParse(text.AsSpan(TraceLength + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds)
            || microseconds > Longest)
        {
            return false;
        }

        span = new AgentSpan(text[..TraceLength], microseconds);
        return true;
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{TraceId} {Microseconds}");

    private static bool IsId(ReadOnlySpan<char> text) => IsHex(text) && text.ContainsAnyExcept('0');

    private static bool IsHex(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigitLower(c) && !char.IsAsciiDigit(c))
            {
                return false;
            }
        }

        return true;
    }

    private static int Digit(char c) => char.IsAsciiDigit(c) ? c - '0' : c - 'a' + 10;
}
