namespace Sandbox.Domain.Lifecycle;

/// <summary>What the status of a sandbox says of its network where there is nothing to explain.</summary>
public static class NetworkEffect
{
    /// <summary>It is kept apart from other sandboxes, from its machine, from link-local and, by policy, private addresses.</summary>
    public const string Isolated = "isolated";

    /// <summary>The same, and what it may reach is limited by lists of its own.</summary>
    public const string Limited = "limited";

    /// <summary>It has no network.</summary>
    public const string None = "none";
}
