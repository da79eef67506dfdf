namespace Sandbox.Rollout.Status;

/// <summary>One service of the monitoring on one machine.</summary>
/// <param name="Name">For example <c>prometheus</c>.</param>
public sealed record MonitoringService(string Name, string Node, ServiceStatus Status);
