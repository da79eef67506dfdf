using System.Collections.Immutable;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Deployments;

namespace Sandbox.Rollout.Schedules;

/// <summary>Times at which a checkpoint, or the whole rollout, is to run.</summary>
/// <param name="Name">Unique; lower-case letters, digits and hyphens.</param>
/// <param name="Cron">A cron expression of five fields.</param>
/// <param name="TimeZone">IANA name of the zone in which that is read.</param>
/// <param name="CreatedBy">As whom they authenticated. What it runs is run in their name, so that they do not consent to it.</param>
public sealed record Schedule(Guid Id, string Name, string Cron, string TimeZone, string CreatedBy, DateTimeOffset CreatedAt)
{
    /// <summary>Null: the whole rollout.</summary>
    public string? Checkpoint { get; init; }

    public bool IsPaused { get; init; }

    /// <summary>When it is due next; null: never again, or not while it is paused.</summary>
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>The due time at which it ran last.</summary>
    public DateTimeOffset? LastAt { get; init; }

    public Guid? LastDeployment { get; init; }

    /// <summary>Due times that passed without a run: nobody was there, or the run before had not ended.</summary>
    public long Missed { get; init; }

    /// <summary>Grows by one with each change.</summary>
    public long Version { get; init; }

    /// <summary>What is run when it is due.</summary>
    public ImmutableArray<DeploymentStep> Steps() =>
        Checkpoint is { } one ? [new DeploymentStep(one)] : Deployment.WholeFrom(CheckpointCatalog.All[0]);
}
