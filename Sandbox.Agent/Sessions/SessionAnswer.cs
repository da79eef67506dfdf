using Sandbox.Agent.Files;
using Sandbox.Agent.Text;

namespace Sandbox.Agent.Sessions;

/// <summary>What a command in a session came to. Dispose it when its output was read.</summary>
/// <param name="ExitCode">Null: it was not asked for, or the command still runs.</param>
internal sealed record SessionAnswer(Spool Output, int? ExitCode, string ExpectString) : IDisposable
{
    /// <summary>What a program may have shown of what was typed into it, at the front of its output.</summary>
    public string Echo { get; init; } = "";

    /// <summary>What the terminal was told taken away, white space at both ends too; for an output that is not large.</summary>
    public string Text()
    {
        var text = AnsiText.Strip(SpooledText.Whole(Output)).Trim();
        return Echo.Length > 0 && text.StartsWith(Echo, StringComparison.Ordinal) ? text[Echo.Length..].TrimStart() : text;
    }

    public void Dispose() => Output.Dispose();
}
