using System.Text;

namespace Sandbox.Agent.Text;

/// <summary>Removes what a program tells the terminal (colours, cursor moves, titles) from what it tells the reader.</summary>
internal static class AnsiText
{
    private const char Escape = '\x1b', Bell = '\a';

    public static string Strip(string text) => Strip(text, longestOpen: 0, out _);

    /// <param name="longestOpen">A sequence without an end at the end of the text is left for later, if it is no longer than this.</param>
    /// <param name="read">Characters of the text that were dealt with.</param>
    internal static string Strip(string text, int longestOpen, out int read)
    {
        read = text.Length;
        if (!text.Contains(Escape, StringComparison.Ordinal))
        {
            return text;
        }

        var kept = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length;)
        {
            var next = text.IndexOf(Escape, at);
            kept.Append(text, at, (next < 0 ? text.Length : next) - at);
            if (next >= 0 && text.Length - next <= longestOpen && IsOpen(text, next))
            {
                read = next;
                break;
            }

            at = next < 0 ? text.Length : Skip(text, next + 1);
        }

        return kept.ToString();
    }

    /// <summary>Whether what follows the text may still belong to the sequence.</summary>
    private static bool IsOpen(string text, int escape) => escape + 1 == text.Length || text[escape + 1] switch
    {
        '[' or (>= ' ' and <= '/') => text.AsSpan(escape + 2).IndexOfAnyExceptInRange(' ', '?') < 0,
        ']' or 'P' or 'X' or '^' or '_' => IsOpenString(text.AsSpan(escape + 2)),
        _ => false,
    };

    private static bool IsOpenString(ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOfAny(Bell, Escape);
        return end < 0 || (rest[end] == Escape && end == rest.Length - 1);
    }

    /// <param name="at">Behind the escape character.</param>
    /// <returns>Behind the sequence.</returns>
    private static int Skip(string text, int at)
    {
        if (at == text.Length)
        {
            return at;
        }

        return text[at] switch
        {
            '[' => SkipControl(text, at + 1),
            ']' or 'P' or 'X' or '^' or '_' => SkipString(text, at + 1),
            >= ' ' and <= '/' => SkipControl(text, at),
            _ => at + 1,
        };
    }

    // Parameters and intermediates, then one final character.
    private static int SkipControl(string text, int at)
    {
        while (at < text.Length && text[at] is >= ' ' and <= '?')
        {
            at++;
        }

        return at < text.Length && text[at] is >= '@' and <= '~' ? at + 1 : at;
    }

    // Ends with a bell, or with escape and backslash; one without an end is not a sequence at all.
    private static int SkipString(string text, int at)
    {
        for (var end = at; end < text.Length; end++)
        {
            if (text[end] == Bell)
            {
                return end + 1;
            }

            if (text[end] == Escape)
            {
                return end + 1 < text.Length && text[end + 1] == '\\' ? end + 2 : end;
            }
        }

        return at;
    }
}
