namespace Sandbox.Agent.Text;

/// <summary><see cref="AnsiText"/> for a text that comes in pieces: a sequence may begin in one and end in the next.</summary>
internal sealed class AnsiFilter
{
    /// <summary>Characters of the longest sequence; a longer one is none.</summary>
    private const int Longest = 16 * 1024;

    private string _held = "";

    public string Filter(ReadOnlySpan<char> piece, bool last)
    {
        var text = string.Concat(_held, piece);
        var kept = AnsiText.Strip(text, last ? 0 : Longest, out var read);
        _held = text[read..];
        return kept;
    }
}
