using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;
using Sandbox.Domain.Stores;
using Sandbox.Serving.Cml.Clusters;

namespace Sandbox.Api.ClusterManagement;

/// <summary>The nodes of the cluster and what they have.</summary>
internal sealed class ClusterResources(INodeStore nodes, ILeaseStore leases, NodeProvisioner provisioner)
{
    private const double Gibibyte = 1024.0 * 1024 * 1024;

    /// <summary>By name, those that were added and have not joined yet among them.</summary>
    public async Task<ResourceNodesResult> ListAsync(CancellationToken cancellationToken)
    {
        var (known, applications) = (await nodes.ListAsync(cancellationToken), provisioner.Applications);
        var head = await leases.FindAsync(Lease.Head, cancellationToken) is { Left.Ticks: > 0 } lease
            ? HeadHolder.NodeOf(lease.Holder)
            : null;
        var joined = known.Select(node => ResultOf(node, node.Facts.Name == head, applications.GetValueOrDefault(node.Facts.Name)));
        var awaited = applications.Values.Where(application => known.All(node => node.Facts.Name != application.Name)).Select(ResultOf);
        List<ResourceNodeResult> all = [.. joined.Concat(awaited).OrderBy(node => node.NodeName, StringComparer.Ordinal)];
        return new ResourceNodesResult(all, all.Count, all.Count(node => node.Alive));
    }

    public async Task<ClusterCapacityResult> CapacityAsync(CancellationToken cancellationToken) =>
        CapacityOf(await nodes.ListAsync(cancellationToken));

    public async Task<ClusterOverviewResult> OverviewAsync(int applications, CancellationToken cancellationToken)
    {
        var known = await nodes.ListAsync(cancellationToken);
        var alive = known.Count(node => !node.IsDead);
        return new ClusterOverviewResult(alive > 0 && alive == known.Count, known.Count, alive, applications, CapacityOf(known));
    }

    /// <summary>Of the nodes that are alive.</summary>
    internal static ClusterCapacityResult CapacityOf(IReadOnlyList<NodeView> nodes)
    {
        List<(NodeCapacity All, NodeCapacity Free)> alive =
            [.. nodes.Where(node => !node.IsDead).Select(node => (node.Facts.Capacity, node.Load.Free))];
        var (cpus, freeCpus) = Sum(one => one.Cpus);
        var (memory, freeMemory) = Sum(one => one.MemoryBytes < long.MaxValue ? one.MemoryBytes / Gibibyte : double.MaxValue);
        var (gpus, freeGpus) = Sum(one => one.Gpus);
        return new ClusterCapacityResult(
            cpus, freeCpus, memory, freeMemory, gpus, freeGpus, cpus > 0 ? Math.Round((cpus - freeCpus) / cpus * 100, 2) : 0);

        // What is not limited is no number that could be added.
        (double All, double Free) Sum(Func<NodeCapacity, double> amount)
        {
            var limited = alive.Where(node => amount(node.All) < double.MaxValue).ToList();
            return (
                Math.Round(limited.Sum(node => amount(node.All)), 2),
                Math.Round(limited.Sum(node => Math.Clamp(amount(node.Free), 0, amount(node.All))), 2));
        }
    }

    private static ResourceNodeResult ResultOf(NodeView node, bool isHead, ClusterApplication? application)
    {
        var (all, free) = (node.Facts.Capacity, node.Load.Free);
        return new ResourceNodeResult(
            node.Facts.Name, node.Facts.Name, isHead ? NodeTypes.Head : TypeOf(all.Gpus is > 0 and < double.MaxValue), application?.Id,
            application?.Name, !node.IsDead, AmountsOf(all, new NodeCapacity(0, 0, 0, 0)), AmountsOf(all, free));
    }

    private static ResourceNodeResult ResultOf(ClusterApplication application) => new(
        application.Name, application.Name, TypeOf(application.Gpus > 0), application.Id, application.Name, Alive: false,
        new Dictionary<string, double>
        {
            ["CPU"] = application.Cpu,
            ["memory"] = application.Memory * Gibibyte,
            ["GPU"] = application.Gpus,
        },
        new Dictionary<string, double>());

    private static string TypeOf(bool hasGpus) => hasGpus ? NodeTypes.GpuWorker : NodeTypes.Worker;

    /// <summary>What a node has without what is left out of account.</summary>
    private static Dictionary<string, double> AmountsOf(NodeCapacity all, NodeCapacity without)
    {
        var amounts = new Dictionary<string, double>();
        Add("CPU", all.Cpus, without.Cpus);
        Add("memory", all.MemoryBytes < long.MaxValue ? all.MemoryBytes : double.MaxValue, without.MemoryBytes);
        Add("GPU", all.Gpus, without.Gpus);
        return amounts;

        void Add(string name, double amount, double less)
        {
            if (amount < double.MaxValue)
            {
                amounts[name] = Math.Round(Math.Max(0, amount - less), 3);
            }
        }
    }
}
