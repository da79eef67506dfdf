using Sandbox.Contracts.Cluster;

namespace Sandbox.Node.Diagnostics;

/// <summary>A part of a node that knows what is in effect of what it does for sandboxes.</summary>
public interface IDiagnosticSource
{
    /// <summary>What its checks are about, for people: <c>engine</c>.</summary>
    string Subject { get; }

    /// <summary>Nothing where the node does not use this part.</summary>
    Task<IReadOnlyList<DiagnosticCheck>> CheckAsync(CancellationToken cancellationToken);
}
