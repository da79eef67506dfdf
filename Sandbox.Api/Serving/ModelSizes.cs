using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Serving.Resources;

namespace Sandbox.Api.Serving;

/// <summary>What a replica takes that names no size: the engine's plan, but not more than the largest node has.</summary>
internal sealed class ModelSizes(INodeStore nodes)
{
    private const long Gibibyte = 1L << 30;

    /// <summary>Of each GPU, and of an engine without one.</summary>
    private const long MemoryOfEach = 8 * Gibibyte;

    public async Task<(double Cpus, string Memory)> OfAsync(
        ResourcePlan plan, double? cpus, string? memory, CancellationToken cancellationToken)
    {
        var known = await nodes.ListAsync(cancellationToken);
        var live = known.Where(node => !node.IsDead).Select(node => node.Facts.Capacity).ToList();
        var mostCpus = live.Count > 0 ? live.Max(capacity => capacity.Cpus) : Environment.ProcessorCount;
        var mostMemory = live.Count > 0 ? live.Max(capacity => capacity.MemoryBytes) : long.MaxValue;
        var wanted = Math.Min(MemoryOfEach * Math.Max(1, plan.Gpus), mostMemory);
        return (cpus ?? Math.Min(plan.Cpus, mostCpus), memory ?? SizeText.Of(wanted));
    }
}
