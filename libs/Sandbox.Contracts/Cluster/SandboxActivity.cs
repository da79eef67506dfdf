using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Cluster;

/// <summary>When a sandbox was last used, as its node knows it.</summary>
/// <param name="IdleMilliseconds">Zero while a call is in flight.</param>
public sealed record SandboxActivity(double IdleMilliseconds);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(SandboxActivity))]
[JsonSerializable(typeof(NodeUsageSample))]
[JsonSerializable(typeof(NodeDiagnostics))]
[JsonSerializable(typeof(MaintenanceOrder))]
[JsonSerializable(typeof(MaintenanceRun))]
[JsonSerializable(typeof(NodeMaintenanceReport))]
public sealed partial class NodeApiJson : JsonSerializerContext;
