namespace Sandbox.Agent.Native;

/// <summary>A user of the sandbox. <paramref name="Groups"/> are all group ids, the first one included.</summary>
internal sealed record Account(string Name, uint User, uint Group, IReadOnlyList<uint> Groups, string Home, string Shell)
{
    /// <summary>False: nobody asked for a user, and it is the one that the agent runs under.</summary>
    public bool IsChosen { get; init; } = true;
}
