using System.Text.Json;

namespace Sandbox.Contracts.Management;

/// <summary>Body of <c>POST /api/v1/applications</c>.</summary>
/// <param name="ImportPath">The engine and the model that it serves: <c>vllm:Qwen/Qwen2.5-0.5B</c>.</param>
/// <param name="RoutePrefix">Null: <c>/</c>, the only one: applications are asked for by their names below <c>/v1</c>.</param>
/// <param name="NumReplicas">At least 1; null: 1.</param>
/// <param name="RayActorOptions">Of each replica: <c>num_cpus</c>, <c>num_gpus</c>, <c>memory</c> in bytes.</param>
public sealed record ApplicationRequest(
    string? Name = null, string? ImportPath = null, string? RoutePrefix = null, int? NumReplicas = null,
    JsonElement? RayActorOptions = null);

/// <param name="Status"><c>deploying</c>, or <c>deleting</c>.</param>
public sealed record ApplicationChangeResult(string Status, string Name, string RoutePrefix);

/// <param name="Status"><c>RUNNING</c>, <c>DEPLOYING</c>, <c>UNHEALTHY</c>, <c>DEPLOY_FAILED</c>, <c>DELETING</c> or
/// <c>NOT_STARTED</c>.</param>
/// <param name="Message">Why; empty when there is nothing to say.</param>
/// <param name="LastDeployedTime">Seconds since 1970.</param>
public sealed record ApplicationResult(
    string Name, string Status, string RoutePrefix, int NumReplicas, string Message, double LastDeployedTime);

public sealed record ApplicationsResult(IReadOnlyList<ApplicationResult> Applications, int TotalApplications);
