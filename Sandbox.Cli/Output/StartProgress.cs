using Sandbox.Cli.Terminals;
using Sandbox.Contracts.Rock;

namespace Sandbox.Cli.Output;

/// <summary>How far a start is, on standard error: one changing line on a terminal, a line per step when piped.</summary>
internal sealed class StartProgress(bool quiet) : IProgress<StatusResult>, IDisposable
{
    private const string ClearLine = "\r\e[K";

    private string _shown = "";
    private bool _dirty;

    public void Report(StatusResult value)
    {
        // Pulling is the step that takes long; the others are over before they can be read.
        var pull = value.Status?.GetValueOrDefault("image_pull");
        var text = pull is { Status: "running" } ? PlainText.OneLine($"pulling {value.Image}: {pull.Message}") : "";
        if (quiet || text == _shown)
        {
            return;
        }

        _shown = text;
        if (StandardStreams.ErrorIsTerminal)
        {
            StandardStreams.WriteError(System.Text.Encoding.UTF8.GetBytes(ClearLine + text));
            _dirty = text.Length > 0;
        }
        else if (text.Length > 0)
        {
            StandardStreams.WriteErrorLine("sandbox: " + text);
        }
    }

    public void Dispose()
    {
        if (_dirty)
        {
            StandardStreams.WriteError(System.Text.Encoding.UTF8.GetBytes(ClearLine));
        }
    }
}
