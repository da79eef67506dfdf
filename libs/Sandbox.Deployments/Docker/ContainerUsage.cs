using Docker.DotNet.Models;
using Sandbox.Node.Deployments;

namespace Sandbox.Deployments.Docker;

/// <summary>What the engine's statistics say of a container's use, whatever version its control groups have.</summary>
internal static class ContainerUsage
{
    /// <summary>Null: it does not run.</summary>
    public static SandboxUsage? Of(ContainerStatsResponse? stats)
    {
        if (stats is not { CPUStats.CPUUsage.TotalUsage: > 0 and var nanoseconds, MemoryStats: { Usage: > 0 and var used } memory })
        {
            return null;
        }

        var details = memory.Stats;
        var cache = details is null ? 0
            : details.TryGetValue("inactive_file", out var file) || details.TryGetValue("total_inactive_file", out file) ? file : 0;
        return new SandboxUsage(nanoseconds / 1e9, (long)(used - Math.Min(cache, used)))
        {
            NetworkReceivedBytes = stats.Networks?.Values.Sum(network => (long)network.RxBytes) ?? 0,
            NetworkSentBytes = stats.Networks?.Values.Sum(network => (long)network.TxBytes) ?? 0,
            DiskReadBytes = DiskBytes(stats, "read"),
            DiskWrittenBytes = DiskBytes(stats, "write"),
        };
    }

    /// <param name="operation">The second version of control groups writes it in small letters, the first with a capital.</param>
    private static long DiskBytes(ContainerStatsResponse stats, string operation) =>
        stats.BlkioStats?.IoServiceBytesRecursive?
            .Where(entry => string.Equals(entry.Op, operation, StringComparison.OrdinalIgnoreCase)).Sum(entry => (long)entry.Value) ?? 0;
}
