using Sandbox.Rollout.Executions;

namespace Sandbox.Rollout.Stores;

/// <summary>Which executions are asked for, the newest first; what is null is not asked about.</summary>
public sealed record ExecutionQuery
{
    public string? Checkpoint { get; init; }

    public ExecutionState? State { get; init; }

    /// <summary>Started at this moment or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Those behind the end of an earlier page.</summary>
    public ExecutionCursor? After { get; init; }

    /// <summary>Most executions of the page; at least one.</summary>
    public int Limit { get; init; } = 100;
}
