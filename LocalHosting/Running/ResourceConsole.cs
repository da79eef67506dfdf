using System.Text.RegularExpressions;

namespace Aspire.Hosting.Running;

/// <summary>What all resources print, a line at a time, each behind its name in its own colour.</summary>
internal sealed partial class ResourceConsole(TextWriter output)
{
    private const string Reset = "\e[0m";
    private const string Red = "\e[31m";

    private static readonly string[] Colours = ["\e[36m", "\e[32m", "\e[33m", "\e[35m", "\e[34m", "\e[96m", "\e[92m", "\e[93m", "\e[95m", "\e[94m"];

#pragma warning disable RS0030 // An agreement between terminals and programs, not an option.
    private readonly bool _isPlain = Console.IsOutputRedirected || Environment.GetEnvironmentVariable("NO_COLOR") is { Length: > 0 };
#pragma warning restore RS0030
    private readonly Lock _lock = new();
    private readonly List<string> _names = [];
    private int _width;

    /// <summary>Names that will speak, so that their lines stand in one column.</summary>
    public void Know(IEnumerable<string> names)
    {
        lock (_lock)
        {
            _names.AddRange(names.Except(_names));
            _width = _names.Max(name => name.Length);
        }
    }

    public void Line(string name, string text)
    {
        lock (_lock)
        {
            var place = Math.Max(0, _names.IndexOf(name));
            var prefix = $"{name.PadRight(_width)} |";
            output.WriteLine(_isPlain ? $"{prefix} {Colour().Replace(text, "")}" : $"{Colours[place % Colours.Length]}{prefix}{Reset} {text}");
        }
    }

    /// <summary>Of the AppHost itself.</summary>
    public void Say(string text)
    {
        lock (_lock)
        {
            output.WriteLine(text);
        }
    }

    /// <summary>What somebody has to look at.</summary>
    public void Warn(string name, string text) => Line(name, _isPlain ? text : $"{Red}{text}{Reset}");

    public void Table(IReadOnlyList<string[]> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        foreach (var row in rows)
        {
            Say("  " + string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }

    // What a program wrote for a terminal.
    [GeneratedRegex(@"\e\[[0-9;]*m")]
    private static partial Regex Colour();
}
