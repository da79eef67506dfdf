using Sandbox.Domain.Errors;

namespace Sandbox.Api.Agents;

/// <summary>What came of one call into a sandbox.</summary>
internal abstract record AgentAnswer<T>
    where T : class
{
    private AgentAnswer()
    {
    }

    public sealed record Done(T Result) : AgentAnswer<T>;

    /// <summary>The agent says that it cannot be done, and why: no such file, no such command, out of time.</summary>
    public sealed record Refused(string Reason) : AgentAnswer<T>;

    /// <summary>The sandbox is not there, does not run, or does not answer.</summary>
    public sealed record Unreached(SandboxError Error) : AgentAnswer<T>;
}
