namespace Sandbox.Node.Deployments;

/// <summary>What one sandbox uses; all but its memory summed up since it was started.</summary>
/// <param name="MemoryBytes">Now, without the file cache that can be dropped.</param>
public sealed record SandboxUsage(double CpuSeconds, long MemoryBytes)
{
    public long NetworkReceivedBytes { get; init; }

    public long NetworkSentBytes { get; init; }

    public long DiskReadBytes { get; init; }

    public long DiskWrittenBytes { get; init; }
}
