using Sandbox.Contracts.Cluster;

namespace Sandbox.Domain.Operators;

/// <summary>What is in effect on each node of what is promised of sandboxes. It is looked at when it is asked for.</summary>
public interface INodeDiagnostics
{
    /// <summary>By name. A node that does not answer has a check that says so.</summary>
    Task<IReadOnlyList<NodeDiagnostics>> ReadAsync(CancellationToken cancellationToken);
}
