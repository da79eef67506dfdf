using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Contracts.E2b;

/// <summary>What a sandbox may reach, when it is created or in place of what was said before.</summary>
public sealed record E2bNetwork
{
    /// <summary>Addresses, networks and names that are reached although they are denied.</summary>
    [JsonPropertyName("allowOut")]
    public IReadOnlyList<string>? AllowOut { get; init; }

    /// <summary>Addresses and networks that are not reached.</summary>
    [JsonPropertyName("denyOut")]
    public IReadOnlyList<string>? DenyOut { get; init; }

    [JsonPropertyName("allow_internet_access")]
    public bool? AllowInternetAccess { get; init; }

    [JsonPropertyName("rules")]
    public JsonElement? Rules { get; init; }

    [JsonPropertyName("egressProxy")]
    public JsonElement? EgressProxy { get; init; }

    [JsonPropertyName("maskRequestHost")]
    public JsonElement? MaskRequestHost { get; init; }

    [JsonPropertyName("httpsPorts")]
    public JsonElement? HttpsPorts { get; init; }
}
