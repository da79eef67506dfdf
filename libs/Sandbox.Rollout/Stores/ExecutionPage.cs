using Sandbox.Rollout.Executions;

namespace Sandbox.Rollout.Stores;

/// <summary>Executions, the newest first.</summary>
/// <param name="Next">Where the next page begins; null when there is none.</param>
public sealed record ExecutionPage(IReadOnlyList<Execution> Executions, ExecutionCursor? Next)
{
    /// <param name="found">In order, one more than the limit where there are so many.</param>
    public static ExecutionPage Of(IReadOnlyList<Execution> found, int limit) => found.Count > limit
        ? new ExecutionPage([.. found.Take(limit)], new ExecutionCursor(found[limit - 1].StartedAt, found[limit - 1].Id))
        : new ExecutionPage(found, null);
}
