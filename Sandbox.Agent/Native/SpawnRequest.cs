namespace Sandbox.Agent.Native;

/// <summary>What to start. The child gets a session of its own, default signals, and no descriptor but 0, 1 and 2.</summary>
internal sealed record SpawnRequest
{
    /// <summary>A path (when it holds a slash; relative to <see cref="WorkingFolder"/>) or a name looked up on the PATH of
    /// <see cref="Env"/>.</summary>
    public required string Command { get; init; }

    /// <summary>Without the program's own name.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The whole environment: nothing is inherited.</summary>
    public required IReadOnlyDictionary<string, string> Env { get; init; }

    /// <summary>Absolute.</summary>
    public required string WorkingFolder { get; init; }

    /// <summary>False: standard input is /dev/null. Without meaning on a terminal.</summary>
    public bool OpenStdin { get; init; } = true;

    /// <summary>Set: the child runs on a terminal of its own, which is its controlling terminal.</summary>
    public TerminalSettings? Terminal { get; init; }

    /// <summary>Null, or the agent's own account: as the agent itself.</summary>
    public Account? RunAs { get; init; }
}

/// <param name="Echo">False: what is typed does not come back.</param>
internal sealed record TerminalSettings(ushort Columns = 80, ushort Rows = 24, bool Echo = true);
