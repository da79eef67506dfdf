using Sandbox.Contracts.Cluster;

namespace Sandbox.Contracts.Management;

/// <summary>Answer of <c>GET /api/v1/diagnostics</c>: what of docs/security.md is in effect.</summary>
/// <param name="PromisesHold">No check has failed.</param>
/// <param name="Server">Of the API that was asked.</param>
/// <param name="Nodes">Of each node, by name; those that left in an orderly way are not among them.</param>
public sealed record DiagnosticsResult(bool PromisesHold, IReadOnlyList<DiagnosticCheck> Server, IReadOnlyList<NodeDiagnostics> Nodes);
