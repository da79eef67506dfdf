using System.Globalization;
using System.Text;
using Sandbox.Agent.Files;

namespace Sandbox.Agent.Sessions;

/// <summary>
/// What is typed into a shell to run one command between its marks: printable ASCII in short lines, which arrive as they are whatever
/// reads them (a terminal in line mode, or the shell's own line editor in any of its modes). What is longer goes through a file that the
/// shell reads; nothing but the shell itself is needed.
/// </summary>
internal sealed class ShellLines
{
    private const byte LiteralNext = 0x16;
    private const string Buffer = "__sandbox_text";
    private const uint OwnerOnly = 0x180;

    private readonly int _longestLine;
    private readonly bool _isBash;
    private readonly string _markTarget;
    private readonly FileOwner? _owner;
    private string? _file;

    private ShellLines(int longestLine, bool isBash, bool hasTerminalFile, FileOwner? owner) =>
        (_longestLine, _isBash, _markTarget, _owner) = (longestLine, isBash, hasTerminalFile ? ">/dev/tty" : "", owner);

    /// <summary>A terminal in line mode holds 4095 bytes.</summary>
    /// <param name="owner">Who has to be able to read the file; null: the agent's own account.</param>
    public static ShellLines ForBash(bool hasTerminalFile, FileOwner? owner) => new(3500, isBash: true, hasTerminalFile, owner);

    /// <summary>busybox reads lines of 1024 bytes.</summary>
    /// <inheritdoc cref="ForBash"/>
    public static ShellLines ForPosix(bool hasTerminalFile, FileOwner? owner) => new(900, isBash: false, hasTerminalFile, owner);

    /// <param name="marks">Its word also becomes the prompt, which shows up when the line itself is cut short (an interrupt, an expansion
    /// error).</param>
    /// <param name="exitCode">What <c>$?</c> is to be for the command.</param>
    public byte[] Wrap(string command, CommandMarks marks, int exitCode)
    {
        var typed = new MemoryStream();
        var before = exitCode != 0 && command.Contains("$?", StringComparison.Ordinal) ? $"(exit {exitCode});" : "";
        var quoted = Quoted(before + command + "\n");
        var source = "";
        if (quoted.Split('\n').Any(line => Encoding.UTF8.GetByteCount(line) > _longestLine / 2))
        {
            quoted = $"\"unset {Buffer};{before}${Buffer}\"";
            if (TryWriteFile(command))
            {
                source = $"\\command . {_file} && ";
            }
            else
            {
                TypePieces(typed, command + "\n");
            }
        }

        // The idle limit of a shell is meant for people: this one waits for its next command as long as it takes.
        Type(typed,
            $" PS1={Prompt(marks)} PS2= PS0=;\\command printf '\\036{marks.Word}S\\037'{_markTarget};{source}\\eval {quoted};"
            + $"\\command printf '\\036{marks.Word}:{CommandMarks.CommandSign}%s\\037' \"$?\"{_markTarget};"
            + "\\command unset TMOUT 2>/dev/null\n");
        return typed.ToArray();
    }

    /// <summary>The file of the last command is read by now, or never will be.</summary>
    public void RemoveFile()
    {
        if (_file is not null)
        {
            _ = FileCalls.UnlinkAt(FileCalls.CurrentFolder, _file, 0);
        }

        _file = null;
    }

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static bool IsPlain(char one) => one is (>= ' ' and <= '~') or '\n';

    private string Prompt(CommandMarks marks)
    {
        var prompt = $"{marks.Word}:{CommandMarks.PromptSign}$?";
        return _isBash ? $"$'\\036{prompt}\\037'" : $"'\x1e{prompt}\x1f'";
    }

    /// <summary>Bash reads escapes, so that no byte is typed that its line editor could take for a key.</summary>
    private string Quoted(string text)
    {
        if (!_isBash || text.All(IsPlain))
        {
            return Quote(text);
        }

        var escaped = new StringBuilder("$'");
        foreach (var one in Encoding.UTF8.GetBytes(text))
        {
            escaped.Append(one switch
            {
                (byte)'\'' or (byte)'\\' => $"\\{(char)one}",
                < 0x20 or > 0x7e => "\\" + Convert.ToString(one, 8).PadLeft(3, '0'),
                _ => ((char)one).ToString(CultureInfo.InvariantCulture),
            });
        }

        return escaped.Append('\'').ToString();
    }

    /// <summary>Control characters other than line ends and tabs are quoted for the terminal.</summary>
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

    /// <summary>An assignment that the shell reads: it takes time that grows as the text does, and every shell can.</summary>
    private bool TryWriteFile(string command)
    {
        RemoveFile();
        var path = Path.Combine(Path.GetTempPath(), $".sandbox-command-{Guid.NewGuid():N}");
        if (!path.All(one => IsPlain(one) && (char.IsAsciiLetterOrDigit(one) || one is '/' or '.' or '-' or '_')))
        {
            return false;
        }

        try
        {
            using var file = new FileStream(OpenedFile.Create(path, OwnerOnly), FileAccess.Write, bufferSize: 0);
            _file = path;
            FileTree.GiveTo(path, _owner);
            file.Write(Encoding.UTF8.GetBytes($"{Buffer}={Quote(command + "\n")}\n"));
            return true;
        }
        catch (Exception exception) when (FileFailure.Names(exception))
        {
            // Nothing can be written there: then it is typed, which takes its time.
            RemoveFile();
            return false;
        }
    }

    private void TypePieces(MemoryStream typed, string text)
    {
        // Each character of a piece may need up to twelve bytes as escapes, four as a quote, or three and a quoting of its own.
        var perPiece = _longestLine / (_isBash ? 14 : 5);
        for (var at = 0; at < text.Length;)
        {
            var length = Math.Min(perPiece, text.Length - at);
            if (at + length < text.Length && char.IsHighSurrogate(text[at + length - 1]))
            {
                length++;
            }

            Type(typed, $"{Buffer}={(at == 0 ? "" : $"${Buffer}")}{Quoted(text.Substring(at, length))}\n");
            at += length;
        }
    }
}
