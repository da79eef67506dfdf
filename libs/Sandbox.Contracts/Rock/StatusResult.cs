using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Rock;

/// <summary>Answer of get_status, and an entry of a batch.</summary>
public record StatusResult
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SandboxId { get; init; }

    /// <summary>By name of the phase (<c>image_pull</c>, <c>docker_run</c>).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, PhaseStatusResult>? Status { get; init; }

    /// <summary><c>pending</c>, <c>running</c>, <c>stopped</c>, <c>archiving</c>, <c>archived</c> or <c>deleted</c>.</summary>
    public string? State { get; init; }

    /// <summary>Container port to host port; empty, because ports are reached through the agent.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, int>? PortMapping { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? HostName { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? HostIp { get; init; }

    public bool IsAlive { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Image { get; init; }

    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? GatewayVersion { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SweRexVersion { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? UserId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ExperimentId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Namespace { get; init; }

    [JsonConverter(typeof(FloatJson))]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Cpus { get; init; }

    /// <summary>GiB with two decimals, for example <c>8.00g</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Memory { get; init; }

    [JsonConverter(typeof(FloatJson))]
    public double? NumGpus { get; init; }

    public string? AcceleratorType { get; init; }

    /// <summary>The limit in effect; null where none is.</summary>
    public string? Disk { get; init; }

    public string? DiskLimitRootfs { get; init; }

    /// <summary>Times are ISO 8601 in whole seconds with an offset.</summary>
    public string? StartTime { get; init; }

    public string? StopTime { get; init; }

    public string? CreateTime { get; init; }

    public string? ArchiveTime { get; init; }

    public string? DeleteTime { get; init; }

    /// <summary>When the sandbox is stopped if nothing happens.</summary>
    public string? AutoStopTime { get; init; }

    public string? AutoArchiveTime { get; init; }

    public string? AutoDeleteTime { get; init; }

    public IReadOnlyList<StateChangeResult> StateHistory { get; init; } = [];

    /// <summary>Ours: the limit that the sandbox's log counts against, the one in <see cref="DiskLimitRootfs"/>; null where none
    /// is.</summary>
    public string? DiskLimitLog { get; init; }

    /// <summary>Ours: what keeps the sandbox's network apart: <c>isolated</c>, <c>limited</c> (and by its own lists), <c>none</c> (it has
    /// no network), or in words what is missing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NetworkIsolation { get; init; }

    /// <summary>Ours: what it may reach, by its lists; in effect when <see cref="NetworkIsolation"/> is <c>limited</c>. Null: it has no
    /// lists.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public EgressMessage? Egress { get; init; }

    /// <summary>Ours: why the sandbox is in its state where no caller asked for that (lost, failed to start, expired).</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }
}

/// <summary>An entry of <c>GET /sandboxes</c>.</summary>
public sealed record ListItem : StatusResult
{
    [JsonPropertyOrder(1)]
    public string? RockAuthorizationEncrypted { get; init; }
}

/// <param name="Status"><c>waiting</c>, <c>running</c>, <c>success</c>, <c>failed</c> or <c>timeout</c>.</param>
public sealed record PhaseStatusResult(
    string Status,
    string Message,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? StartedAt = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? CompletedAt = null);

public sealed record StateChangeResult(string FromState, string ToState, string Event, string Timestamp);
