using System.Text;

namespace Sandbox.Agent.Sessions;

/// <summary>
/// What is typed into a shell to run one command between its marks. It goes through a terminal in line mode, so no line is
/// longer than a terminal takes, and control characters are quoted for the terminal; nothing but the shell itself is needed.
/// </summary>
internal sealed class ShellLines(int longestLine, string markTarget)
{
    private const byte LiteralNext = 0x16;
    private const string Buffer = "__sandbox_text";

    /// <summary>bash without line editing reads whole lines of the terminal, which hold 4095 bytes.</summary>
    public static ShellLines ForBash(bool hasTerminalFile) => new(3500, Target(hasTerminalFile));

    /// <summary>busybox reads lines of 1024 bytes.</summary>
    public static ShellLines ForPosix(bool hasTerminalFile) => new(900, Target(hasTerminalFile));

    /// <param name="marks">Its word also becomes the prompt, which shows up when the line itself is cut short (an interrupt, an expansion
    /// error).</param>
    /// <param name="exitCode">What <c>$?</c> is to be for the command.</param>
    public byte[] Wrap(string command, CommandMarks marks, int exitCode)
    {
        var typed = new MemoryStream();
        var before = exitCode != 0 && command.Contains("$?", StringComparison.Ordinal) ? $"(exit {exitCode});" : "";
        var quoted = Quote(before + command + "\n");
        if (quoted.Split('\n').Any(line => Encoding.UTF8.GetByteCount(line) > longestLine / 2))
        {
            TypePieces(typed, command + "\n");
            quoted = $"\"unset {Buffer};{before}${Buffer}\"";
        }

        Type(typed,
            $" PS1='\x1e{marks.Word}:{CommandMarks.PromptSign}$?\x1f' PS2= PS0=;\\command printf "
                + $"'\\036{marks.Word}S\\037'{markTarget};\\eval {quoted};"
            + $"\\command printf '\\036{marks.Word}:{CommandMarks.CommandSign}%s\\037' \"$?\"{markTarget}\n");
        return typed.ToArray();
    }

    public static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>Bytes for the terminal: control characters other than line ends and tabs are taken as they are.</summary>
    private static void Type(MemoryStream typed, string text)
    {
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            if (value is < 0x20 and not ((byte)'\n' or (byte)'\t') or 0x7f)
            {
                typed.WriteByte(LiteralNext);
            }

            typed.WriteByte(value);
        }
    }

    private static string Target(bool hasTerminalFile) => hasTerminalFile ? ">/dev/tty" : "";

    private void TypePieces(MemoryStream typed, string text)
    {
        // Each character of a piece may need up to four bytes, or four characters when it is a quote, or a quoting of its own.
        var perPiece = longestLine / 5;
        for (var at = 0; at < text.Length;)
        {
            var length = Math.Min(perPiece, text.Length - at);
            if (at + length < text.Length && char.IsHighSurrogate(text[at + length - 1]))
            {
                length++;
            }

            Type(typed, $"{Buffer}={(at == 0 ? "" : $"${Buffer}")}{Quote(text.Substring(at, length))}\n");
            at += length;
        }
    }
}
