using Sandbox.Contracts.Cluster;

namespace Sandbox.Domain.Operators;

/// <summary>What nodes and sandboxes use now. Nothing is measured while no caller asks.</summary>
public interface INodeUsage
{
    /// <summary>A node that does not tell in time is left out.</summary>
    Task<IReadOnlyList<NodeUsageSample>> ReadAsync(CancellationToken cancellationToken);
}
