namespace Sandbox.Api.Serving;

/// <summary>What an agent knows of a process that was started by a name.</summary>
internal abstract record ProcessState
{
    private ProcessState()
    {
    }

    public sealed record Running : ProcessState;

    /// <param name="Status"><c>exit status N</c> or <c>signal: killed</c>.</param>
    /// <param name="Output">The end of what it printed.</param>
    public sealed record Ended(string Status, string Output) : ProcessState
    {
        public bool Succeeded => Status is "exit status 0";
    }

    /// <summary>None was started, or its end is forgotten.</summary>
    public sealed record Absent : ProcessState;

    /// <summary>The agent does not answer.</summary>
    public sealed record Unknown(string Reason) : ProcessState;
}
