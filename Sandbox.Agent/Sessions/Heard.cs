using Sandbox.Agent.Files;

namespace Sandbox.Agent.Sessions;

/// <summary>What was heard of a command. Dispose it when its output was read.</summary>
/// <param name="ExitCode">Null: it has not ended.</param>
/// <param name="Pattern">The expected pattern that was found.</param>
/// <param name="TooMuch">It printed more than may be kept.</param>
internal sealed record Heard(Spool Output, int? ExitCode, string? Pattern = null, string Matched = "", bool TooMuch = false) : IDisposable
{
    public void Dispose() => Output.Dispose();
}
