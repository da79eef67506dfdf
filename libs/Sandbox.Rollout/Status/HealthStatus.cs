using System.Text.Json.Serialization;

namespace Sandbox.Rollout.Status;

/// <summary>How a cluster, or a part of it, is.</summary>
[JsonConverter(typeof(StatusWordConverter<HealthStatus>))]
public enum HealthStatus
{
    /// <summary>Nothing tells.</summary>
    Unknown,

    Healthy,

    /// <summary>It works, and something of it is missing: a worker, an endpoint, a part of the monitoring.</summary>
    Degraded,

    /// <summary>It does not work: the head is missing.</summary>
    Failed,
}
