using System.Globalization;
using System.Text;

namespace Sandbox.Agent.Sessions;

/// <summary>
/// The marks around one command in the output of its shell: a random word between two control characters, so that no
/// output of a command (and no shell that prints the line it runs) looks like them.
/// </summary>
internal sealed class CommandMarks
{
    public const char PromptSign = 'P', CommandSign = 'C';

    private const int LongestCode = 12;

    private readonly byte[] _start;
    private readonly byte[] _end;
    private int _startFound = -1;
    private int _startScanned;
    private int _endScanned;

    public CommandMarks()
    {
        Word = Guid.NewGuid().ToString("N");
        _start = Encoding.ASCII.GetBytes($"\x1e{Word}S\x1f");
        _end = Encoding.ASCII.GetBytes($"\x1e{Word}:");
    }

    public string Word { get; }

    public int StartLength => _start.Length;

    /// <summary>Behind the mark of the start; −1 when it has not come yet.</summary>
    public int FindStart(ReadOnlySpan<byte> output)
    {
        if (_startFound < 0)
        {
            var from = Math.Max(0, _startScanned - _start.Length);
            var at = output[from..].IndexOf(_start);
            _startFound = at < 0 ? -1 : from + at + _start.Length;
            _startScanned = output.Length;
        }

        return _startFound;
    }

    /// <summary>The mark of the end: from, to, and the exit code in it. The shell's next prompt is such a mark too.</summary>
    public EndMark? FindEnd(ReadOnlySpan<byte> output)
    {
        var from = Math.Max(0, _endScanned - _end.Length - LongestCode);
        while (output[from..].IndexOf(_end) is var at and >= 0)
        {
            from += at + _end.Length;
            var digits = output[from..].IndexOf((byte)0x1f);
            if (digits is > 1 and < LongestCode
                && int.TryParse(
                    output.Slice(from + 1, digits - 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var code))
            {
                return new EndMark(from - _end.Length, from + digits + 1, code, IsPrompt: output[from] == (byte)PromptSign);
            }
        }

        _endScanned = output.Length;
        return null;
    }

    /// <summary>Bytes were taken away from the front: look from there again.</summary>
    public void Forget() => (_startFound, _startScanned, _endScanned) = (-1, 0, 0);
}

/// <param name="IsPrompt">It stands in the shell's prompt, not behind the command.</param>
internal readonly record struct EndMark(int From, int To, int ExitCode, bool IsPrompt);
