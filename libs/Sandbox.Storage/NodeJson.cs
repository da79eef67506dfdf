using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage;

/// <summary>What a node tells of itself, as text.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(NodeFacts))]
[JsonSerializable(typeof(NodeLoad))]
internal sealed partial class NodeJson : JsonSerializerContext
{
    public static string Write(NodeFacts facts) => JsonSerializer.Serialize(facts, Default.NodeFacts);

    public static string Write(NodeLoad load) => JsonSerializer.Serialize(load, Default.NodeLoad);

    /// <summary>As it registers: all that it has is free.</summary>
    public static string FirstLoadOf(NodeFacts facts) => Write(new NodeLoad(facts.Capacity, Sandboxes: 0, Unavailable: null));

    public static NodeView Read(string facts, string load, long epoch, TimeSpan silence, bool draining, bool left) => new(
        JsonSerializer.Deserialize(facts, Default.NodeFacts) ?? throw new InvalidDataException("A node has no facts."),
        JsonSerializer.Deserialize(load, Default.NodeLoad) ?? throw new InvalidDataException("A node has no load."),
        epoch, silence, draining, left);
}
