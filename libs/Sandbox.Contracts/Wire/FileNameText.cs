using System.Text;

namespace Sandbox.Contracts.Wire;

/// <summary>
/// Names of files as text. The kernel's names are bytes, and nothing says that they are UTF-8: a byte that is not becomes the
/// character U+EF00 + byte (U+EF80 to U+EFFF, of the private use area), and is that byte again on the way back. What really has one of
/// these characters in its name is shown byte by byte too, so that no two names look alike.
/// </summary>
public static class FileNameText
{
    private const int Escaped = 0xEF00, FirstEscape = 0xEF80, LastEscape = 0xEFFF;

    /// <summary>A name as the kernel has it.</summary>
    public static string Decode(ReadOnlySpan<byte> name) => Decode(name, escapesStay: false);

    /// <summary>A path that a caller wrote, as UTF-8 that may hold such characters, or as plain bytes.</summary>
    public static string FromCaller(ReadOnlySpan<byte> path) => Decode(path, escapesStay: true);

    public static byte[] Encode(string text)
    {
        if (!HasEscapes(text))
        {
            return Encoding.UTF8.GetBytes(text);
        }

        var bytes = new List<byte>(text.Length);
        Span<byte> four = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.Value is >= FirstEscape and <= LastEscape)
            {
                bytes.Add((byte)(rune.Value - Escaped));
            }
            else
            {
                bytes.AddRange(four[..rune.EncodeToUtf8(four)]);
            }
        }

        return [.. bytes];
    }

    /// <summary>Whether the name is no UTF-8, so that only <see cref="Encode"/> gives its bytes.</summary>
    public static bool HasEscapes(string text) =>
        text.AsSpan().IndexOfAnyInRange((char)FirstEscape, (char)LastEscape) >= 0;

    private static string Decode(ReadOnlySpan<byte> name, bool escapesStay)
    {
        var text = new StringBuilder(name.Length);
        Span<char> two = stackalloc char[2];
        while (!name.IsEmpty)
        {
            var whole = Rune.DecodeFromUtf8(name, out var rune, out var count) == System.Buffers.OperationStatus.Done;
            if (whole && (escapesStay || rune.Value is < FirstEscape or > LastEscape))
            {
                text.Append(two[..rune.EncodeToUtf16(two)]);
            }
            else
            {
                foreach (var one in name[..count])
                {
                    text.Append((char)(Escaped + one));
                }
            }

            name = name[count..];
        }

        return text.ToString();
    }
}
