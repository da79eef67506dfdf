namespace Sandbox.Contracts.Cluster;

/// <summary>What is in effect on a node, as it found a moment ago.</summary>
/// <param name="Version">Of its program.</param>
/// <param name="AtMilliseconds">When, by the node's clock (Unix time).</param>
public sealed record NodeDiagnostics(string Node, string Version, long AtMilliseconds, IReadOnlyList<DiagnosticCheck> Checks);
