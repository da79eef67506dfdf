namespace Sandbox.Contracts.Rollouts;

/// <summary>One run of one checkpoint.</summary>
/// <param name="Status"><c>STARTED</c>, <c>RUNNING</c>, <c>COMPLETED</c>, <c>FAILED</c>, <c>CANCELLED</c> or <c>INTERRUPTED</c>.</param>
/// <param name="StartedBy">As whom they authenticated.</param>
/// <param name="Error">Why it did not complete.</param>
public sealed record ExecutionResult(
    string Checkpoint, Guid ExecutionId, string Status, string StartedBy, DateTimeOffset StartedAt, DateTimeOffset? EndedAt, string? Error)
{
    /// <summary>What it printed, line by line; null in lists. At most 10,000 lines: <see cref="After"/> says from where on to ask for
    /// more.</summary>
    public IReadOnlyList<string>? Output { get; init; }

    /// <summary>The number of the last line in <see cref="Output"/>.</summary>
    public long? After { get; init; }

    public bool HasEnded => Status is not ("STARTED" or "RUNNING");
}

/// <summary>Body of an event <c>line</c> of <c>GET /api/v1/executions/{id}/output</c>; its number is the event's id.</summary>
public sealed record OutputLineMessage(long Number, string Text);

/// <summary>Runs, the newest first.</summary>
/// <param name="Next">For <c>after</c> of the next page; null: there is none.</param>
public sealed record ExecutionPageResult(IReadOnlyList<ExecutionResult> Executions, string? Next);
