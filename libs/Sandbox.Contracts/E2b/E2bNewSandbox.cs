using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Contracts.E2b;

/// <summary>What a client asks for when it creates a sandbox.</summary>
public sealed record E2bNewSandbox
{
    /// <summary>Name or alias of a template.</summary>
    [JsonPropertyName("templateID")]
    public string? TemplateId { get; init; }

    /// <summary>Seconds until the sandbox is killed.</summary>
    [JsonPropertyName("timeout")]
    public int? Timeout { get; init; }

    [JsonPropertyName("metadata")]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    [JsonPropertyName("envVars")]
    public IReadOnlyDictionary<string, string>? EnvVars { get; init; }

    [JsonPropertyName("allow_internet_access")]
    public bool? AllowInternetAccess { get; init; }

    [JsonPropertyName("network")]
    public E2bNetwork? Network { get; init; }

    [JsonPropertyName("autoPause")]
    public bool? AutoPause { get; init; }

    [JsonPropertyName("mcp")]
    public JsonElement? Mcp { get; init; }

    [JsonPropertyName("iam")]
    public JsonElement? Iam { get; init; }

    [JsonPropertyName("volumeMounts")]
    public JsonElement? VolumeMounts { get; init; }
}
