namespace Sandbox.Rollout.Status;

/// <summary>How the head and the workers are.</summary>
/// <param name="Nodes">How many of them live.</param>
public sealed record NodesHealth(HealthStatus Status, int Nodes);
