namespace Sandbox.Contracts.Rollouts;

/// <summary>Checkpoints that are run one after the other: a whole rollout, or the one of a schedule.</summary>
/// <param name="Status"><c>RUNNING</c>, <c>WAITING_FOR_APPROVAL</c>, <c>COMPLETED</c>, <c>FAILED</c> or <c>CANCELLED</c>.</param>
/// <param name="StartedBy">As whom they authenticated.</param>
public sealed record DeploymentResult(Guid DeploymentId, string Status, string StartedBy, DateTimeOffset StartedAt, DateTimeOffset? EndedAt)
{
    public IReadOnlyList<DeploymentStepResult> Checkpoints { get; init; } = [];

    /// <summary>It is complete and its playbooks and inventory are kept: it can be gone back to.</summary>
    public bool IsKept { get; init; }

    /// <summary>The rollout that it goes back to.</summary>
    public Guid? RollbackOf { get; init; }

    /// <summary>The schedule that was due.</summary>
    public Guid? ScheduleId { get; init; }
}

/// <param name="Status"><c>PENDING</c>, <c>SKIPPED</c>, <c>WAITING_FOR_APPROVAL</c>, <c>RUNNING</c>, <c>COMPLETED</c>, <c>FAILED</c> or
/// <c>CANCELLED</c>.</param>
public sealed record DeploymentStepResult(string Checkpoint, string Status)
{
    public string? PlanHash { get; init; }

    public Guid? ExecutionId { get; init; }

    public Guid? ApprovalId { get; init; }

    /// <summary>Why it did not complete.</summary>
    public string? Error { get; init; }
}

/// <summary>Deployments, the newest first.</summary>
/// <param name="Next">For <c>after</c> of the next page; null: there is none.</param>
public sealed record DeploymentPageResult(IReadOnlyList<DeploymentResult> Deployments, string? Next);

/// <summary>Body of what begins a whole rollout.</summary>
/// <param name="StartFrom">The first checkpoint; null: the first there is.</param>
public sealed record DeploymentRequest(string? StartFrom);
