namespace Sandbox.Contracts.Cluster;

/// <summary>A maintenance task that nodes are to do now.</summary>
/// <param name="Id">The same order, sent twice to a node, is done once there.</param>
/// <param name="Task">One of <see cref="MaintenanceTasks"/>.</param>
/// <param name="Images">What <see cref="MaintenanceTasks.ImagePull"/> is to pull; empty: what the node's settings name.</param>
public sealed record MaintenanceOrder(string Id, string Task, IReadOnlyList<string> Images)
{
    /// <summary>The answer comes when it is done, and not when it has begun.</summary>
    public bool WaitsForEnd { get; init; }
}

/// <summary>One run of a task on one node.</summary>
/// <param name="Id">Of its order.</param>
/// <param name="State"><see cref="Running"/>, <see cref="Succeeded"/>, <see cref="Failed"/> or <see cref="Skipped"/>.</param>
/// <param name="Message">How far it is, what it did, or why it failed; for people.</param>
/// <param name="EndedAt">Null while it runs.</param>
public sealed record MaintenanceRun(
    string Id, string Task, string Node, string State, string Message, DateTimeOffset StartedAt, DateTimeOffset? EndedAt)
{
    public const string Running = "running";

    public const string Succeeded = "succeeded";

    public const string Failed = "failed";

    /// <summary>The node has no such task: it has no engine, say.</summary>
    public const string Skipped = "skipped";
}

/// <summary>A task that a node has, and when it does it by itself.</summary>
/// <param name="Schedule">A cron expression in UTC; empty: only when it is asked to.</param>
/// <param name="NextAt">Null: never by itself.</param>
public sealed record ScheduledMaintenance(string Task, string Schedule, DateTimeOffset? NextAt);

/// <summary>The maintenance of one node.</summary>
/// <param name="Runs">Those that it remembers since its process began, the newest first.</param>
/// <param name="Problem">Why nothing is known of it; null: it is.</param>
public sealed record NodeMaintenanceReport(
    string Node, IReadOnlyList<ScheduledMaintenance> Tasks, IReadOnlyList<MaintenanceRun> Runs, string? Problem = null);
