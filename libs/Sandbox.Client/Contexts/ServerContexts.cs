using System.Text.Json.Serialization;

namespace Sandbox.Client.Contexts;

/// <summary>The servers that a user has names for.</summary>
/// <param name="Current">The one that commands talk to; null: none.</param>
public sealed record ServerContexts(string? Current, IReadOnlyDictionary<string, ServerContext> Contexts)
{
    public static ServerContexts None { get; } = new(null, new Dictionary<string, ServerContext>());
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ServerContexts))]
[JsonSerializable(typeof(ServerContext))]
public sealed partial class ContextJson : JsonSerializerContext;
