using Sandbox.Contracts.Cluster;

namespace Sandbox.Domain.Operators;

/// <summary>The maintenance tasks of the nodes: in the same process of the one node, in a cluster of each through its node API.</summary>
public interface INodeMaintenance
{
    /// <summary>Has nodes do a task, all at once; a run for each of them, begun or ended as the order says. A node that cannot do it, or
    /// does not answer, has a run that failed.</summary>
    /// <param name="nodes">By name, address or host; empty: every node.</param>
    Task<IReadOnlyList<MaintenanceRun>> RunAsync(
        MaintenanceOrder order, IReadOnlyCollection<string> nodes, CancellationToken cancellationToken);

    /// <summary>By name of the node. One that does not answer has a report that says so.</summary>
    Task<IReadOnlyList<NodeMaintenanceReport>> ReadAsync(CancellationToken cancellationToken);
}
