namespace Sandbox.Cli.Output;

// What --json prints of rollouts.

/// <param name="Order">From 1.</param>
internal sealed record CheckpointRow(int Order, string Checkpoint, bool ApprovalRequired, bool DestructiveOperation, string Description);

/// <param name="Checkpoints">In the order in which they run.</param>
internal sealed record PlanRow(IReadOnlyList<string> Checkpoints, string PlanHash, IReadOnlyDictionary<string, string> Targets)
{
    /// <summary>Null when there are several.</summary>
    public string? Checkpoint { get; init; }

    public required IReadOnlyList<string> ImpactSummary { get; init; }

    /// <summary>What Ansible says that it would change.</summary>
    public required IReadOnlyList<string> Changes { get; init; }

    /// <summary>Of the request for an approval, where one was made.</summary>
    public Guid? ApprovalId { get; init; }
}

internal sealed record ApprovalRow(Guid ApprovalId, string State, string PlanHash, string RequestedBy, DateTimeOffset ExpiresAt)
{
    public IReadOnlyList<string> Checkpoints { get; init; } = [];

    public IReadOnlyList<string> ApprovedBy { get; init; } = [];
}

internal sealed record ExecutionRow(Guid ExecutionId, string Checkpoint, string Status, string StartedBy, DateTimeOffset StartedAt)
{
    public DateTimeOffset? EndedAt { get; init; }

    public string? Error { get; init; }
}

internal sealed record AuditRow(long Number, DateTimeOffset At, string Actor, string Action, string Subject, string Detail, string Hash);
