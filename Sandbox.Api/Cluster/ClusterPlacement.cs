using Microsoft.Extensions.Options;
using Sandbox.Cluster;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Cluster;

/// <summary>Whether some live node can run a sandbox, by what the nodes last told of themselves. Which one does is decided
/// when it is claimed.</summary>
internal sealed class ClusterPlacement(NodeDirectory nodes, IOptions<ClusterOptions> options) : IPlacement
{
    private static readonly DeploymentKind[] Preferred = [DeploymentKind.Docker, DeploymentKind.Kubernetes, DeploymentKind.Local];

    public async Task<SandboxError?> CheckAsync(SandboxSpec spec, CancellationToken cancellationToken)
    {
        if (spec.Deployment is DeploymentKind.Kubernetes && PodLimits.WhyImpossible(spec) is { } impossible)
        {
            return impossible;
        }

        await nodes.FirstRead.WaitAsync(cancellationToken);
        if (Check(spec) is null)
        {
            return null;
        }

        // No sandbox is refused by a picture that may be a second old: a node may just have come, or become free.
        await nodes.RefreshAsync(cancellationToken);
        return Check(spec);
    }

    public async Task<DeploymentKind> ChooseAsync(CancellationToken cancellationToken)
    {
        await nodes.FirstRead.WaitAsync(cancellationToken);
        var live = Live(nodes.Known.Values);
        if (live.Count == 0)
        {
            // The first node of a cluster may just have come, and what it runs decides.
            await nodes.RefreshAsync(cancellationToken);
            live = Live(nodes.Known.Values);
        }

        var run = live.SelectMany(node => node.Facts.Deployments).ToHashSet();
        return Preferred.FirstOrDefault(run.Contains, DeploymentKind.Docker);
    }

    private SandboxError? Check(SandboxSpec spec) => Check(spec, [.. nodes.Known.Values], options.Value.WhenFull == "refuse");

    /// <param name="nodes">All nodes of the cluster.</param>
    /// <param name="refuseWhenFull">Otherwise what fits no node now waits.</param>
    internal static SandboxError? Check(SandboxSpec spec, IReadOnlyList<NodeView> nodes, bool refuseWhenFull)
    {
        var live = Live(nodes);
        if (live.Count == 0)
        {
            return new SandboxError.NoCapacity("no node of the cluster is alive");
        }

        var able = live.Where(node => node.Facts.Deployments.Contains(spec.Deployment)).ToList();
        if (able.Count == 0)
        {
            return new SandboxError.NoCapacity($"no node runs sandboxes with {spec.Deployment}");
        }

        var answering = able.Where(node => node.Load.Unavailable is null).ToList();
        if (answering.Count == 0)
        {
            var reason = able[0].Load.Unavailable!;
            return spec.Deployment is DeploymentKind.Docker
                ? new SandboxError.DockerUnavailable(reason) : new SandboxError.NoCapacity(reason);
        }

        // What fits a node that is only silent for a moment fits the cluster; and a node that drains will be back.
        var demand = NodeCapacity.DemandOf(spec);
        if (!able.Any(node => node.Facts.Capacity.Fits(demand)))
        {
            return new SandboxError.NoCapacity(
                $"it fits no node ({spec.Cpus:0.##} CPUs and {spec.MemoryBytes} bytes of memory and {demand.Gpus:0.##} GPUs are asked "
                    + $"for; the largest has {able.Max(node => node.Facts.Capacity.Cpus):0.##} CPUs, the most memory is "
                    + $"{able.Max(node => node.Facts.Capacity.MemoryBytes)} bytes, the most GPUs are "
                    + $"{able.Max(node => node.Facts.Capacity.Gpus):0.##})");
        }

        return refuseWhenFull && !answering.Any(node => !node.Draining && node.Load.Free.Fits(demand))
            ? new SandboxError.NoCapacity("every node is full")
            : null;
    }

    /// <summary>A silent node is not counted on.</summary>
    private static List<NodeView> Live(IEnumerable<NodeView> nodes) => [.. nodes.Where(node => !node.IsSuspect)];
}
