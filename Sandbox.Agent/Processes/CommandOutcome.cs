using Sandbox.Agent.Files;
using Sandbox.Agent.Native;

namespace Sandbox.Agent.Processes;

/// <summary>What became of a command; with an <see cref="Error"/> it was not started. Dispose it when its output was read.</summary>
internal sealed record CommandOutcome : IDisposable
{
    public SpawnError? Error { get; init; }

    public ExitStatus Status { get; init; }

    /// <summary>As printed; up to the moment of the overflow when <see cref="TooMuchOutput"/>.</summary>
    public Spool Stdout { get; init; } = new();

    public Spool Stderr { get; init; } = new();

    /// <summary>It was killed because it ran too long.</summary>
    public bool TimedOut { get; init; }

    /// <summary>It was killed because it printed more than may be kept.</summary>
    public bool TooMuchOutput { get; init; }

    public void Dispose()
    {
        Stdout.Dispose();
        Stderr.Dispose();
    }
}
