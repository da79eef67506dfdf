namespace Sandbox.Rollout.Status;

/// <summary>How the monitoring is.</summary>
public sealed record MonitoringHealth(HealthStatus Status, IReadOnlyList<MonitoringService> Services);
