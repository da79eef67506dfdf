namespace Sandbox.Rollout.Executions;

/// <summary>One run of one checkpoint against a set of machines.</summary>
/// <param name="Targets">The machines, as <see cref="Plans.RolloutPlan.TargetSet"/> names them: one run at a time for each set.</param>
/// <param name="PlanHash">What it does.</param>
/// <param name="StartedBy">As whom they authenticated.</param>
public sealed record Execution(
    Guid Id, string Checkpoint, string Targets, string PlanHash, string StartedBy, DateTimeOffset StartedAt)
{
    /// <summary>The consent that it used up.</summary>
    public Guid? Approval { get; init; }

    /// <summary>Which state folder has its process: only a program that works on that folder can follow or end it.</summary>
    public string? Host { get; init; }

    /// <summary>Who asked it to stop.</summary>
    public string? StopRequestedBy { get; init; }

    public ExecutionState State { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Why it did not complete.</summary>
    public string? Error { get; init; }

    /// <summary>Grows by one with each change.</summary>
    public long Version { get; init; }

    public bool IsActive => State is ExecutionState.Started or ExecutionState.Running;

    /// <summary>Its process has begun, or was found again.</summary>
    public Execution Begun() => this with { State = ExecutionState.Running, Error = null, Version = Version + 1 };

    public Execution StopRequested(string by) => this with { StopRequestedBy = by, Version = Version + 1 };

    public Execution Ended(ExecutionState state, string? error, DateTimeOffset at) =>
        this with { State = state, Error = error, EndedAt = at, Version = Version + 1 };
}
