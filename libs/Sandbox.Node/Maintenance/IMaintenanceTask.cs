using Sandbox.Contracts.Cluster;

namespace Sandbox.Node.Maintenance;

/// <summary>A task that keeps a node in order. It runs once at a time, under the node's lease.</summary>
public interface IMaintenanceTask
{
    /// <summary>One of <see cref="MaintenanceTasks"/>.</summary>
    string Name { get; }

    /// <summary>False: this node does not have it.</summary>
    bool IsOffered => true;

    /// <summary>Does it; the answer says what was done, for people.</summary>
    /// <param name="progress">Told how far it is.</param>
    /// <exception cref="MaintenanceException">Why it cannot be done, or not all of it.</exception>
    Task<string> RunAsync(MaintenanceOrder order, Action<string> progress, CancellationToken cancellationToken);
}
