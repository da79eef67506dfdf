namespace Sandbox.Contracts.Rollouts;

/// <summary>What the last run of a checkpoint came to.</summary>
/// <param name="Status"><c>PASSED</c>, <c>FAILED</c>, <c>IN_PROGRESS</c>, <c>SKIPPED</c>, or <c>NOT_FOUND</c>: it never ran.</param>
/// <param name="Nodes">By the names of the machines.</param>
/// <param name="Message">One sentence for people.</param>
public sealed record CheckpointStatusResult(
    string Checkpoint, string Status, IReadOnlyDictionary<string, CheckpointNodeResult> Nodes, int TotalNodes, int PassedNodes,
    string Message);

/// <summary>What it came to on one machine.</summary>
public sealed record CheckpointNodeResult(string Status, DateTimeOffset Timestamp, bool ApprovalRequired, bool DestructiveOperation);

/// <summary>Body of <c>POST /api/v1/checkpoints/{name}</c>; it may be left out.</summary>
/// <param name="Force">Runs it also where checkpoints before it have not passed. Nothing else is skipped by it.</param>
/// <param name="Approve">Consents to the plan in the same request: needs a reason, for a destructive checkpoint the acknowledgement of its
/// risks, the permission <c>rollout:approve</c>, and a policy that lets the one who asks consent.</param>
public sealed record CheckpointRunRequest(bool Force = false, bool Approve = false)
{
    public string? ApprovedBy { get; init; }

    public string? Reason { get; init; }

    public bool AcknowledgeRisks { get; init; }

    /// <summary>The consent to use up, and no other one; null: the newest that fits the plan.</summary>
    public string? ApprovalToken { get; init; }
}

/// <summary>A run has begun; <c>GET /api/v1/executions/{id}</c> follows it.</summary>
/// <param name="Status"><c>STARTED</c>.</param>
public sealed record CheckpointRunResult(string Checkpoint, Guid ExecutionId, string Status, DateTimeOffset StartedAt, string Message);

/// <summary>What a run would do, on which machines.</summary>
/// <param name="PlanHash">What a consent is to.</param>
/// <param name="Targets">The machines, with how they are reached.</param>
/// <param name="ImpactSummary">For people; what destroys is marked.</param>
/// <param name="Changes">What Ansible says in its check mode that it would change.</param>
public sealed record PlanResult(
    string Checkpoint, string PlanHash, IReadOnlyDictionary<string, string> Targets, IReadOnlyList<string> ImpactSummary,
    IReadOnlyList<string> Changes)
{
    /// <summary>Of the request for a consent, where one was made.</summary>
    public Guid? ApprovalId { get; init; }
}
