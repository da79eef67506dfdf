using System.Text.Json.Serialization;

namespace Sandbox.Rollout.Status;

/// <summary>What the record of a deployment says of one service or endpoint.</summary>
[JsonConverter(typeof(StatusWordConverter<ServiceStatus>))]
public enum ServiceStatus
{
    Healthy,
    Failed,

    /// <summary>It could not be had here.</summary>
    Skipped,
}
