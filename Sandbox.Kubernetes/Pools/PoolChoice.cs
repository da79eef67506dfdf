using Sandbox.Domain.Specs;

namespace Sandbox.Kubernetes.Pools;

/// <summary>The pool whose pods suit a sandbox best: its very image, at least as much of everything, and as little more as
/// possible. A pure function of pools and spec.</summary>
internal static class PoolChoice
{
    /// <summary>Null: none suits.</summary>
    public static PoolOptions? Of(SandboxSpec spec, IEnumerable<PoolOptions> pools) =>
        spec.NumGpus is > 0 || spec.Privileged
            ? null
            : pools.Where(pool => Suits(pool, spec)).OrderBy(pool => Score(pool, spec)).ThenBy(pool => pool.Name, StringComparer.Ordinal)
                .FirstOrDefault();

    private static bool Suits(PoolOptions pool, SandboxSpec spec) =>
        pool.Image == spec.Image
        && pool.Cpus >= (spec.LimitCpus ?? spec.Cpus)
        && Bytes(pool.Memory) >= spec.MemoryBytes
        && (pool.Disk is null || spec.DiskBytes is null || Bytes(pool.Disk) >= spec.DiskBytes);

    /// <summary>How much more than asked for it has, as parts of what was asked for, all together.</summary>
    private static double Score(PoolOptions pool, SandboxSpec spec) =>
        Surplus(pool.Cpus, spec.LimitCpus ?? spec.Cpus)
        + Surplus(Bytes(pool.Memory), spec.MemoryBytes)
        + (pool.Disk is not null && spec.DiskBytes is { } disk ? Surplus(Bytes(pool.Disk), disk) : 0);

    private static double Surplus(double has, double asked) => asked > 0 ? (has - asked) / asked : 0;

    private static long Bytes(string size) => SizeText.TryParse(size, out var bytes) ? bytes : 0;
}
