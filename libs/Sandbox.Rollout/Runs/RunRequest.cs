using Sandbox.Rollout.Checkpoints;

namespace Sandbox.Rollout.Runs;

/// <summary>Somebody wants to run a checkpoint.</summary>
/// <param name="By">As whom they authenticated.</param>
public sealed record RunRequest(Checkpoint Checkpoint, string By)
{
    /// <summary>Run it although earlier checkpoints have not passed. It stands for nothing else: no consent, no other run's end.</summary>
    public bool IsForced { get; init; }

    /// <summary>The consent to use up, and no other one; null: the newest that fits.</summary>
    public Guid? Approval { get; init; }

    /// <summary>The rollout that it is a part of, which has one consent to all of its checkpoints; null: none.</summary>
    public WholeRollout? Rollout { get; init; }

    /// <summary>The id that the run will have.</summary>
    public Guid Id { get; init; } = Guid.NewGuid();
}
