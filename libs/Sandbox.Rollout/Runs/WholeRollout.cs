using Sandbox.Rollout.Checkpoints;

namespace Sandbox.Rollout.Runs;

/// <summary>A rollout over several checkpoints, which one consent to all of them lets pass.</summary>
/// <param name="Id">Uses the consent up.</param>
/// <param name="Checkpoints">All that it is going to run, in their order.</param>
public sealed record WholeRollout(Guid Id, IReadOnlyList<Checkpoint> Checkpoints);
