using Docker.DotNet.Models;

namespace Sandbox.Deployments.Docker;

/// <summary>What the engine's statistics say of a container's use, whatever version its control groups have.</summary>
internal static class ContainerUsage
{
    /// <summary>Null: it does not run.</summary>
    public static (double CpuSeconds, long MemoryBytes)? Of(ContainerStatsResponse? stats)
    {
        if (stats is not { CPUStats.CPUUsage.TotalUsage: > 0 and var nanoseconds, MemoryStats: { Usage: > 0 and var used } memory })
        {
            return null;
        }

        var details = memory.Stats;
        var cache = details is null ? 0
            : details.TryGetValue("inactive_file", out var file) || details.TryGetValue("total_inactive_file", out file) ? file : 0;
        return (nanoseconds / 1e9, (long)(used - Math.Min(cache, used)));
    }
}
