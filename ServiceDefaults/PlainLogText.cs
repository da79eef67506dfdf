using System.Buffers;

namespace Microsoft.Extensions.Hosting;

/// <summary>Text of others on its way into a log: what would end a line, be a command to a terminal, or turn the direction of what is
/// read, is a space.</summary>
internal static class PlainLogText
{
    private static readonly SearchValues<char> Unsafe = SearchValues.Create(
    [
        .. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7F, 0x21)).Select(code => (char)code),
        '\u2028', '\u2029', '\u202A', '\u202B', '\u202C', '\u202D', '\u202E', '\u2066', '\u2067', '\u2068', '\u2069',
    ]);

    public static string OneLine(string text) => Replace(text, keepsLines: false);

    /// <summary>The same of several lines, such as those of an exception.</summary>
    public static string Lines(string text) => Replace(text, keepsLines: true);

    private static string Replace(string text, bool keepsLines) =>
        text.AsSpan().ContainsAny(Unsafe)
            ? string.Create(text.Length, (text, keepsLines), static (plain, from) =>
            {
                for (var i = 0; i < plain.Length; i++)
                {
                    var c = from.text[i];
                    plain[i] = !Unsafe.Contains(c) || (from.keepsLines && c is '\n') ? c : ' ';
                }
            })
            : text;
}
