using System.Text.Json.Serialization;

namespace Sandbox.Rollout.Status;

/// <summary>How far a rollout is.</summary>
[JsonConverter(typeof(StatusWordConverter<DeploymentStatus>))]
public enum DeploymentStatus
{
    /// <summary>A run is under way, or some checkpoints have not run yet and none has failed.</summary>
    InProgress,

    /// <summary>Each checkpoint passed, or was skipped for a reason that its record tells.</summary>
    Completed,

    /// <summary>The last run of a checkpoint failed.</summary>
    Failed,
}
