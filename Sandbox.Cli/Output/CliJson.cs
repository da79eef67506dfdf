using System.Text.Json.Serialization;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Management;
using Sandbox.Contracts.Rollouts;
using Sandbox.Rollout.Status;
using Sandbox.Serving.Cml;
using Sandbox.Serving.Cml.Clusters;

namespace Sandbox.Cli.Output;

// What --json prints. Names are stable: a member may be added, none is renamed.

/// <param name="Event"><c>start</c>, <c>stdout</c>, <c>stderr</c>, <c>exit</c>, or <c>log</c> for what <c>logs</c> prints.</param>
internal sealed record ProcessLine(string Event)
{
    public string? SandboxId { get; init; }

    public uint? Pid { get; init; }

    /// <summary>Base64.</summary>
    public byte[]? Data { get; init; }

    public int? ExitCode { get; init; }

    public bool? TimedOut { get; init; }
}

internal sealed record SandboxRow(string SandboxId, string State, string Image)
{
    public double? Cpus { get; init; }

    public string? Memory { get; init; }

    public string? CreateTime { get; init; }

    public string? StartTime { get; init; }

    public string? StopTime { get; init; }

    public string? ArchiveTime { get; init; }

    public string? DeleteTime { get; init; }

    /// <summary>When it is stopped if nothing happens.</summary>
    public string? AutoStopTime { get; init; }

    /// <summary>Why it is in its state, where no caller asked for that.</summary>
    public string? Reason { get; init; }
}

/// <param name="Copy">Its name in the other registry.</param>
/// <param name="Error">Why it is not there; null: it is.</param>
internal sealed record CopiedImage(string Image, string Copy, string? Error);

/// <param name="State">Of its last run; empty: there was none.</param>
/// <param name="Message">What its last run did, or why the node says nothing.</param>
internal sealed record MaintenanceRow(
    string Node, string Task, string Schedule, DateTimeOffset? NextAt, string State, DateTimeOffset? StartedAt, string Message);

/// <param name="State">As the engine names it, or <c>absent</c>.</param>
internal sealed record ClusterServiceRow(string Service, string Type, string State, string? Health, string? Url);

/// <summary>Of the nodes that live.</summary>
internal sealed record ClusterResources(int Nodes, double Cpus, long MemoryBytes, double Gpus);

internal sealed record ProcessRow(uint Pid, string Command, IReadOnlyList<string> Args, string? Cwd, string? Tag);

/// <param name="Total">Sandboxes altogether; no more than 500 of them are listed.</param>
internal sealed record TopView(IReadOnlyList<NodeResult> Nodes, IReadOnlyList<TopRow> Sandboxes, long Total)
{
    /// <summary>By the nodes' names; whoever could not tell is not in it.</summary>
    public IReadOnlyDictionary<string, TopUsage> NodeUse { get; init; } = new Dictionary<string, TopUsage>();
}

/// <param name="Cpus">In use on average since the look before; null at the first.</param>
internal sealed record TopUsage(double? Cpus, long MemoryBytes);

internal sealed record TopRow(string SandboxId, string State, string Image)
{
    public string? Node { get; init; }

    public double? Cpus { get; init; }

    public string? Memory { get; init; }

    /// <summary>Null: it does not run, or its node cannot tell.</summary>
    public TopUsage? Use { get; init; }

    public string? CreateTime { get; init; }

    /// <summary>When it is stopped if nothing happens.</summary>
    public string? AutoStopTime { get; init; }
}

/// <param name="Action"><c>stopped</c>, <c>restarted</c>, <c>removed</c>, <c>copied</c>, <c>kept</c>, <c>built</c>, <c>started</c>,
/// <c>created</c>, <c>set</c>, <c>revoked</c>, <c>redriven</c>, <c>drained</c>, <c>undrained</c>, <c>archived</c>, <c>restored</c>,
/// <c>committed</c>, <c>used</c>, <c>approved</c>, <c>denied</c>, <c>requested</c>, <c>reset</c>, <c>added</c>, <c>paused</c>,
/// <c>resumed</c>,
/// <c>verified</c>, or, of <c>wait</c>, the state that was reached.</param>
internal sealed record Done(string Action)
{
    public string? SandboxId { get; init; }

    public string? Path { get; init; }

    public long? Bytes { get; init; }

    public string? Image { get; init; }

    public uint? Pid { get; init; }

    public string? Tenant { get; init; }

    public string? Key { get; init; }

    public long? DeadLetter { get; init; }

    public string? Node { get; init; }

    public string? Token { get; init; }

    public string? Context { get; init; }

    public Guid? Approval { get; init; }

    public Guid? Execution { get; init; }

    public string? Schedule { get; init; }

    public Guid? Webhook { get; init; }
}

/// <param name="Current">Whether commands talk to it where nothing else is said.</param>
internal sealed record ContextRow(string Name, bool Current, string Address);

internal sealed record Listening(string Url, string DataFolder);

/// <param name="Local">Address and port of this machine.</param>
internal sealed record ForwardedPort(string SandboxId, string Local, int Port);

internal sealed record Failure(string Error, DateTimeOffset Timestamp);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<CopiedImage>))]
[JsonSerializable(typeof(IReadOnlyList<MaintenanceRow>))]
[JsonSerializable(typeof(IReadOnlyList<MaintenanceRun>))]
[JsonSerializable(typeof(IReadOnlyList<ClusterServiceRow>))]
[JsonSerializable(typeof(ClusterResources))]
[JsonSerializable(typeof(LifecycleEvent))]
[JsonSerializable(typeof(ProcessLine))]
[JsonSerializable(typeof(IReadOnlyList<SandboxRow>))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(IReadOnlyList<ProcessRow>))]
[JsonSerializable(typeof(TopView))]
[JsonSerializable(typeof(Done))]
[JsonSerializable(typeof(IReadOnlyList<ContextRow>))]
[JsonSerializable(typeof(Listening))]
[JsonSerializable(typeof(ForwardedPort))]
[JsonSerializable(typeof(Failure))]
[JsonSerializable(typeof(IReadOnlyList<TenantResult>))]
[JsonSerializable(typeof(IReadOnlyList<KeyResult>))]
[JsonSerializable(typeof(NewKeyResult))]
[JsonSerializable(typeof(IReadOnlyList<DeadLetterResult>))]
[JsonSerializable(typeof(IReadOnlyList<NodeResult>))]
[JsonSerializable(typeof(DiagnosticsResult))]
[JsonSerializable(typeof(JoinTokenResult))]
[JsonSerializable(typeof(IReadOnlyList<JoinTokenEntry>))]
[JsonSerializable(typeof(IReadOnlyList<CheckpointRow>))]
[JsonSerializable(typeof(IReadOnlyList<CheckpointStatus>))]
[JsonSerializable(typeof(IReadOnlyList<CheckpointStatusResult>))]
[JsonSerializable(typeof(ClusterStatus))]
[JsonSerializable(typeof(ClusterInfo))]
[JsonSerializable(typeof(CmlClusterStatus))]
[JsonSerializable(typeof(CmlDeploymentResult))]
[JsonSerializable(typeof(ApprovalInfo))]
[JsonSerializable(typeof(PlanRow))]
[JsonSerializable(typeof(PlanResult))]
[JsonSerializable(typeof(IReadOnlyList<ApprovalRow>))]
[JsonSerializable(typeof(IReadOnlyList<ExecutionRow>))]
[JsonSerializable(typeof(IReadOnlyList<AuditRow>))]
[JsonSerializable(typeof(DeploymentPageResult))]
[JsonSerializable(typeof(IReadOnlyList<BulkRow>))]
[JsonSerializable(typeof(IReadOnlyList<ScheduleRow>))]
[JsonSerializable(typeof(IReadOnlyList<WebhookRow>))]
[JsonSerializable(typeof(WebhookRow))]
[JsonSerializable(typeof(IReadOnlyList<DeliveryRow>))]
internal sealed partial class CliJson : JsonSerializerContext;
