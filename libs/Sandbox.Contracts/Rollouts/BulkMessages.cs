namespace Sandbox.Contracts.Rollouts;

/// <summary>Several runs at once, at most 50.</summary>
/// <param name="Force">Begin also those for which earlier checkpoints have not passed.</param>
public sealed record BulkRunRequest(IReadOnlyList<BulkItemRequest>? Items, bool Force = false);

/// <param name="Machines">Names in the inventory; null or empty: all.</param>
public sealed record BulkItemRequest(string? Checkpoint, IReadOnlyList<string>? Machines);

/// <param name="Items">One for each that was asked for, in that order.</param>
public sealed record BulkRunResult(IReadOnlyList<BulkItemResult> Items);

/// <param name="Status"><c>STARTED</c>, or why not: <c>APPROVAL_REQUIRED</c>, <c>ALREADY_RUNNING</c>, <c>PREREQUISITES_MISSING</c> or
/// <c>REFUSED</c>.</param>
public sealed record BulkItemResult(string Checkpoint, IReadOnlyList<string> Machines, string Status)
{
    public Guid? ExecutionId { get; init; }

    /// <summary>Of the plan that needs an approval.</summary>
    public string? PlanHash { get; init; }

    public string? Error { get; init; }
}
