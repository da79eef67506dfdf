using Sandbox.Agent.Native;

namespace Sandbox.Agent.Processes;

/// <summary>What became of a command; with an <see cref="Error"/> it was not started.</summary>
internal sealed record CommandOutcome
{
    public SpawnError? Error { get; init; }

    public ExitStatus Status { get; init; }

    /// <summary>As printed; up to the moment of the overflow when <see cref="TooMuchOutput"/>.</summary>
    public byte[] Stdout { get; init; } = [];

    public byte[] Stderr { get; init; } = [];

    /// <summary>It was killed because it ran too long.</summary>
    public bool TimedOut { get; init; }

    /// <summary>It was killed because it printed more than may be kept.</summary>
    public bool TooMuchOutput { get; init; }
}
