namespace Sandbox.Deployments.Networks;

/// <summary>What the status of a sandbox says of its network where there is nothing to explain.</summary>
internal static class NetworkEffect
{
    /// <summary>It is kept apart from other sandboxes, from its machine, from link-local and, by policy, private addresses.</summary>
    public const string Isolated = "isolated";

    /// <summary>It has no network.</summary>
    public const string None = "none";
}
