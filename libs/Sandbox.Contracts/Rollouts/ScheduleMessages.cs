namespace Sandbox.Contracts.Rollouts;

/// <summary>Times at which a checkpoint or the whole rollout runs.</summary>
/// <param name="Checkpoint">Null: the whole rollout.</param>
/// <param name="Missed">Due times that passed without a run.</param>
public sealed record ScheduleResult(
    Guid ScheduleId, string Name, string Cron, string TimeZone, string? Checkpoint, bool IsPaused, long Missed)
{
    public DateTimeOffset? NextAt { get; init; }

    public DateTimeOffset? LastAt { get; init; }

    public Guid? LastDeploymentId { get; init; }
}

/// <param name="Cron">Minute, hour, day, month and weekday.</param>
/// <param name="TimeZone">IANA name of the zone in which that is read; null: UTC.</param>
/// <param name="Checkpoint">Null: the whole rollout.</param>
public sealed record ScheduleRequest(string? Name, string? Cron, string? TimeZone, string? Checkpoint);
