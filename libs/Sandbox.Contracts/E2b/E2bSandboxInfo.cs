using System.Text.Json.Serialization;

namespace Sandbox.Contracts.E2b;

/// <summary>A sandbox in a list, and with the last members by itself.</summary>
public sealed record E2bSandboxInfo
{
    [JsonPropertyName("sandboxID")]
    public required string SandboxId { get; init; }

    [JsonPropertyName("templateID")]
    public required string TemplateId { get; init; }

    [JsonPropertyName("alias")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Alias { get; init; }

    [JsonPropertyName("clientID")]
    public required string ClientId { get; init; }

    /// <summary>UTC.</summary>
    [JsonPropertyName("startedAt")]
    public required DateTime StartedAt { get; init; }

    /// <summary>UTC; when it is killed.</summary>
    [JsonPropertyName("endAt")]
    public required DateTime EndAt { get; init; }

    /// <summary><c>running</c> or <c>paused</c>.</summary>
    [JsonPropertyName("state")]
    public required string State { get; init; }

    [JsonPropertyName("cpuCount")]
    public required int CpuCount { get; init; }

    [JsonPropertyName("memoryMB")]
    public required long MemoryMb { get; init; }

    [JsonPropertyName("diskSizeMB")]
    public required long DiskSizeMb { get; init; }

    [JsonPropertyName("envdVersion")]
    public required string EnvdVersion { get; init; }

    [JsonPropertyName("metadata")]
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    [JsonPropertyName("volumeMounts")]
    public IReadOnlyList<string> VolumeMounts { get; init; } = [];

    [JsonPropertyName("domain")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Domain { get; init; }

    [JsonPropertyName("allowInternetAccess")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? AllowInternetAccess { get; init; }

    [JsonPropertyName("lifecycle")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public E2bLifecycle? Lifecycle { get; init; }
}
