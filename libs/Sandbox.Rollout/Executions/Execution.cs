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

    /// <summary>It began although earlier checkpoints had not passed.</summary>
    public bool IsForced { get; init; }

    /// <summary>Which state folder has its process: only a program that works on that folder can follow or end it.</summary>
    public string? Host { get; init; }

    /// <summary>Who asked it to stop.</summary>
    public string? StopRequestedBy { get; init; }

    /// <summary>It is for some of the inventory's machines; what is recorded of the others stays.</summary>
    public bool IsPartial { get; init; }

    public ExecutionState State { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Why it did not complete.</summary>
    public string? Error { get; init; }

    /// <summary>Grows by one with each change.</summary>
    public long Version { get; init; }

    public bool IsActive => State is ExecutionState.Started or ExecutionState.Running;

    /// <summary>Its process has begun, or was found again.</summary>
    public Execution Begun() => this with { State = ExecutionState.Running, Error = null, Version = Version + 1 };

    /// <param name="by">As whom they authenticated; the first one counts.</param>
    public Execution StopRequested(string by) => this with { StopRequestedBy = StopRequestedBy ?? by, Version = Version + 1 };

    /// <summary>Nothing is heard of its host. It may live, and is not over.</summary>
    public Execution Silent() => this with
    {
        Error = $"nothing is heard of its host {Host}: start the server there again, or stop the run to give it up",
        Version = Version + 1,
    };

    public Execution Ended(ExecutionState state, string? error, DateTimeOffset at) =>
        this with { State = state, Error = error, EndedAt = at, Version = Version + 1 };
}
