using System.Collections.Immutable;

namespace Sandbox.Domain.Stores;

/// <summary>What a key may do beside what its tenant and being an admin's allow: rollouts belong to the operator of the machines, and an
/// admin's key alone does not touch them.</summary>
public static class Permission
{
    public const string RolloutRead = "rollout:read";

    public const string RolloutRun = "rollout:run";

    public const string RolloutApprove = "rollout:approve";

    public static ImmutableArray<string> All { get; } = [RolloutRead, RolloutRun, RolloutApprove];

    /// <summary>Whether these allow it. Who may run or approve may read what it is about.</summary>
    public static bool Allows(IReadOnlyCollection<string> given, string needed) =>
        given.Contains(needed) || (needed is RolloutRead && (given.Contains(RolloutRun) || given.Contains(RolloutApprove)));
}
