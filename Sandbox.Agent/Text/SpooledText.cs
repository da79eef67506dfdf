using System.Text.Json;
using Sandbox.Agent.Files;

namespace Sandbox.Agent.Text;

/// <summary>What a program printed, in an answer: a string while it is small, else written piece by piece.</summary>
internal static class SpooledText
{
    /// <summary>Bytes up to which a text is handled as one string.</summary>
    internal const int Small = 64 * 1024;

    private const int ExcerptEnd = 32 * 1024;

    public static string Whole(Spool bytes) => Part(bytes, 0, (int)bytes.Length);

    /// <summary>All of a small text; of a large one its beginning and its end.</summary>
    public static string Excerpt(Spool bytes) => bytes.Length <= Small
        ? Whole(bytes)
        : $"{Part(bytes, 0, ExcerptEnd)}\n[… {bytes.Length - (2 * ExcerptEnd)} bytes …]\n"
            + Part(bytes, bytes.Length - ExcerptEnd, ExcerptEnd);

    /// <param name="before">Comes first.</param>
    public static async Task WriteAsync(
        Utf8JsonWriter json, string name, string before, TextPieces pieces, CancellationToken cancellationToken)
    {
        json.WritePropertyName(name);
        json.WriteStringValueSegment(before, isFinalSegment: false);
        while (pieces.Next() is { } piece)
        {
            json.WriteStringValueSegment(piece.Span, isFinalSegment: false);
            await json.FlushAsync(cancellationToken);
        }

        json.WriteStringValueSegment(ReadOnlySpan<char>.Empty, isFinalSegment: true);
    }

    /// <summary>Without what speaks to the terminal, and without white space at both ends.</summary>
    public static async Task WriteCleanAsync(Utf8JsonWriter json, string name, Spool bytes, CancellationToken cancellationToken)
    {
        var (from, to) = Trimmed(bytes);
        var (pieces, filter, at) = (new TextPieces(bytes, EscapedUtf8.NewDecoder()), new AnsiFilter(), 0L);
        json.WritePropertyName(name);
        while (pieces.Next() is { } piece)
        {
            var kept = filter.Filter(piece.Span, last: false);
            WriteWithin(json, kept, from - at, to - at);
            at += kept.Length;
            await json.FlushAsync(cancellationToken);
        }

        WriteWithin(json, filter.Filter([], last: true), from - at, to - at);
        json.WriteStringValueSegment(ReadOnlySpan<char>.Empty, isFinalSegment: true);
    }

    private static void WriteWithin(Utf8JsonWriter json, string text, long from, long to)
    {
        var (first, end) = ((int)Math.Clamp(from, 0, text.Length), (int)Math.Clamp(to, 0, text.Length));
        if (first < end)
        {
            json.WriteStringValueSegment(text.AsSpan(first..end), isFinalSegment: false);
        }
    }

    /// <summary>The first and behind the last character that is no white space.</summary>
    private static (long From, long To) Trimmed(Spool bytes)
    {
        var (pieces, filter) = (new TextPieces(bytes, EscapedUtf8.NewDecoder()), new AnsiFilter());
        var (from, to, at) = (-1L, 0L, 0L);
        for (var more = true; more;)
        {
            var piece = pieces.Next();
            more = piece is not null;
            foreach (var one in filter.Filter(piece is null ? [] : piece.Value.Span, last: !more))
            {
                at++;
                if (!char.IsWhiteSpace(one))
                {
                    (from, to) = (from < 0 ? at - 1 : from, at);
                }
            }
        }

        return (Math.Max(from, 0), to);
    }

    private static string Part(Spool bytes, long from, int count)
    {
        var part = new byte[count];
        for (var read = 0; read < count;)
        {
            read += bytes.Read(from + read, part.AsSpan(read)) is > 0 and var more ? more : count;
        }

        return EscapedUtf8.Decode(part);
    }
}
