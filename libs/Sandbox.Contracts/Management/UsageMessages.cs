namespace Sandbox.Contracts.Management;

/// <summary>Answer of <c>GET /api/v1/usage</c>. CPU is a sum: two answers tell the use in between.</summary>
/// <param name="Nodes">For admins; none for others.</param>
/// <param name="Sandboxes">Those of the caller that run, and whose node could tell.</param>
public sealed record UsageResult(IReadOnlyList<NodeUsage> Nodes, IReadOnlyList<SandboxUsage> Sandboxes);

/// <param name="AtMs">Unix time by the node's clock.</param>
public sealed record NodeUsage(string Node, long AtMs, double CpuSeconds, int Cpus, long MemoryBytes, long MemoryTotalBytes);

/// <inheritdoc cref="NodeUsage"/>
public sealed record SandboxUsage(string SandboxId, long AtMs, double CpuSeconds, long MemoryBytes);
