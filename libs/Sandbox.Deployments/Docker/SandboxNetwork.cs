namespace Sandbox.Deployments.Docker;

/// <summary>Where a container is put.</summary>
/// <param name="Name">Of the network, as the engine is told.</param>
/// <param name="Effect">What keeps it apart, in words.</param>
internal sealed record SandboxNetwork(string Name, string Effect);
