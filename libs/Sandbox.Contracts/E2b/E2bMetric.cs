using System.Text.Json.Serialization;

namespace Sandbox.Contracts.E2b;

/// <summary>What a sandbox used at one moment. Sizes are bytes.</summary>
public sealed record E2bMetric
{
    /// <summary>UTC.</summary>
    [JsonPropertyName("timestamp")]
    public required DateTime Timestamp { get; init; }

    [JsonPropertyName("timestampUnix")]
    public required long TimestampUnix { get; init; }

    [JsonPropertyName("cpuCount")]
    public required int CpuCount { get; init; }

    /// <summary>Of all of its CPUs together.</summary>
    [JsonPropertyName("cpuUsedPct")]
    public required double CpuUsedPercent { get; init; }

    [JsonPropertyName("memTotal")]
    public required long MemoryTotal { get; init; }

    [JsonPropertyName("memUsed")]
    public required long MemoryUsed { get; init; }

    [JsonPropertyName("memCache")]
    public required long MemoryCache { get; init; }

    [JsonPropertyName("diskTotal")]
    public required long DiskTotal { get; init; }

    [JsonPropertyName("diskUsed")]
    public required long DiskUsed { get; init; }
}
