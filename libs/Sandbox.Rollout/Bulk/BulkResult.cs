using Sandbox.Rollout.Runs;

namespace Sandbox.Rollout.Bulk;

/// <summary>What became of one of several runs that were asked for together.</summary>
/// <param name="Outcome">Null: it could not even be planned.</param>
/// <param name="Error">Why not.</param>
public sealed record BulkResult(BulkItem Item, BeginOutcome? Outcome, string? Error)
{
    /// <summary>Follows the run that has begun.</summary>
    internal CheckpointRunner? Runner { get; init; }
}
