namespace Sandbox.Rollout.Status;

/// <summary>How many endpoints were asked and how many answered well.</summary>
public sealed record EndpointCount(int Healthy, int Total);
