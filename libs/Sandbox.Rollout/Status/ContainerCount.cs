namespace Sandbox.Rollout.Status;

/// <summary>The cluster's containers on all machines.</summary>
public sealed record ContainerCount(int Total, int Running);
