namespace Sandbox.Contracts.Cluster;

/// <summary>What a node and its sandboxes use, as the node saw it a moment ago. CPU is a sum since the beginning, so that a caller that
/// asks twice knows the use in between.</summary>
/// <param name="AtMilliseconds">When, by the node's clock (Unix time).</param>
/// <param name="CpuSeconds">Of all CPUs of the machine, whichever process used them.</param>
/// <param name="MemoryBytes">Of the machine, without what it would give back at once.</param>
public sealed record NodeUsageSample(
    string Node, long AtMilliseconds, double CpuSeconds, int Cpus, long MemoryBytes, long MemoryTotalBytes,
    IReadOnlyList<SandboxUsageSample> Sandboxes);

/// <param name="CpuSeconds">Since its container was started.</param>
/// <param name="MemoryBytes">Without the file cache that can be dropped.</param>
public sealed record SandboxUsageSample(string SandboxId, string Tenant, long AtMilliseconds, double CpuSeconds, long MemoryBytes)
{
    /// <summary>Of all its network's interfaces, since its container was started.</summary>
    public long NetworkReceivedBytes { get; init; }

    /// <inheritdoc cref="NetworkReceivedBytes"/>
    public long NetworkSentBytes { get; init; }

    /// <summary>Of all disks, since its container was started; what the file cache gave is not among it.</summary>
    public long DiskReadBytes { get; init; }

    /// <inheritdoc cref="DiskReadBytes"/>
    public long DiskWrittenBytes { get; init; }
}
