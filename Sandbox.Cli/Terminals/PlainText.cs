namespace Sandbox.Cli.Terminals;

/// <summary>Text of others on its way to a person: what would end a line, be a command to the terminal, or turn the direction of what is
/// read, is a space.</summary>
internal static class PlainText
{
    public static string OneLine(string text) => text.Any(IsUnsafe) ? string.Concat(text.Select(c => IsUnsafe(c) ? ' ' : c)) : text;

    // Controls of both sets (C0 and C1), separators of lines and paragraphs, and embeddings, overrides and isolates of direction.
    private static bool IsUnsafe(char c) =>
        char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
