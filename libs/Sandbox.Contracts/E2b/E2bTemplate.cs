using System.Text.Json.Serialization;

namespace Sandbox.Contracts.E2b;

/// <summary>A template in the list of them.</summary>
public sealed record E2bTemplate
{
    [JsonPropertyName("templateID")]
    public required string TemplateId { get; init; }

    [JsonPropertyName("names")]
    public required IReadOnlyList<string> Names { get; init; }

    [JsonPropertyName("aliases")]
    public required IReadOnlyList<string> Aliases { get; init; }

    [JsonPropertyName("public")]
    public required bool IsPublic { get; init; }

    [JsonPropertyName("cpuCount")]
    public required int CpuCount { get; init; }

    [JsonPropertyName("memoryMB")]
    public required long MemoryMb { get; init; }
}
