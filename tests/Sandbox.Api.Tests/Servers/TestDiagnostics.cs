using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Operators;

namespace Sandbox.Api.Tests.Servers;

/// <summary>One node, on which is in effect what the test says.</summary>
internal sealed class TestDiagnostics : INodeDiagnostics
{
    public const string Node = "n1";

    public IReadOnlyList<DiagnosticCheck> Checks { get; set; } = [DiagnosticCheck.Warn("disk_limits", "none", "put it on XFS")];

    public Task<IReadOnlyList<NodeDiagnostics>> ReadAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<NodeDiagnostics>>([new NodeDiagnostics(Node, "1.0.0", TestUsage.AtMs, Checks)]);
}
