using System.Text.Json.Serialization;

namespace Sandbox.Contracts.E2b;

/// <summary>What a client needs in order to use a sandbox that it has created or connects to.</summary>
public sealed record E2bSandbox
{
    [JsonPropertyName("sandboxID")]
    public required string SandboxId { get; init; }

    [JsonPropertyName("templateID")]
    public required string TemplateId { get; init; }

    [JsonPropertyName("alias")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Alias { get; init; }

    /// <summary>Nothing depends on it any more; clients of the past expect one.</summary>
    [JsonPropertyName("clientID")]
    public required string ClientId { get; init; }

    [JsonPropertyName("envdVersion")]
    public required string EnvdVersion { get; init; }

    [JsonPropertyName("envdAccessToken")]
    public required string EnvdAccessToken { get; init; }

    [JsonPropertyName("trafficAccessToken")]
    public required string TrafficAccessToken { get; init; }

    /// <summary>Null: the client's own.</summary>
    [JsonPropertyName("domain")]
    public string? Domain { get; init; }
}
