using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Contracts.Rock;

namespace Sandbox.Agent.Gem;

/// <summary>What the agent and its Python process say to each other, one line each.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(GemBridgeCall))]
[JsonSerializable(typeof(GemBridgeAnswer))]
[JsonSerializable(typeof(GemObservation))]
[JsonSerializable(typeof(GemStep))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(int))]
internal sealed partial class GemJson : JsonSerializerContext;

internal sealed record GemBridgeCall(string Method, JsonElement Argument);

internal sealed record GemBridgeAnswer
{
    public JsonElement Result { get; init; }

    /// <summary>The package is not there.</summary>
    public bool Missing { get; init; }

    public string? Error { get; init; }
}
