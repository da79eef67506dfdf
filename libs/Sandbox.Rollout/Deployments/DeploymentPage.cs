namespace Sandbox.Rollout.Deployments;

/// <summary>Some of the history, the newest first.</summary>
/// <param name="Next">What the next page begins after; null: this is the last one.</param>
public sealed record DeploymentPage(IReadOnlyList<Deployment> Items, DeploymentCursor? Next)
{
    /// <param name="found">What a store found with room for one more than the page has.</param>
    public static DeploymentPage Of(IReadOnlyList<Deployment> found, int limit) => found.Count > limit
        ? new DeploymentPage([.. found.Take(limit)], new DeploymentCursor(found[limit - 1].StartedAt, found[limit - 1].Id))
        : new DeploymentPage(found, Next: null);
}
