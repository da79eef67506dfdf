namespace Sandbox.Cli.Output;

// What --json prints of the history of rollouts, bulk runs, schedules and webhooks.

/// <param name="Status">Of the run as it ended; APPROVAL_REQUIRED, ALREADY_RUNNING, PREREQUISITES_MISSING or REFUSED when it did not
/// begin.</param>
internal sealed record BulkRow(string Checkpoint, IReadOnlyList<string> Machines, string Status)
{
    public Guid? ExecutionId { get; init; }

    public string? Error { get; init; }
}

/// <param name="Checkpoint">Null: the whole rollout.</param>
internal sealed record ScheduleRow(string Name, string Cron, string TimeZone, string? Checkpoint, bool IsPaused)
{
    public DateTimeOffset? NextAt { get; init; }

    public DateTimeOffset? LastAt { get; init; }

    public Guid? LastDeploymentId { get; init; }

    public long Missed { get; init; }
}

internal sealed record WebhookRow(Guid WebhookId, string Url, IReadOnlyList<string> Events)
{
    /// <summary>Shown when it is added, and never again.</summary>
    public string? Secret { get; init; }
}

/// <param name="Status">PENDING, DELIVERED or FAILED.</param>
internal sealed record DeliveryRow(string MessageId, string Type, string Status, int Attempts)
{
    public DateTimeOffset? NextAt { get; init; }

    public int? LastStatus { get; init; }

    public string? Error { get; init; }
}
