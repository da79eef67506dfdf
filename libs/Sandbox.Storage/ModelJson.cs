using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Domain.Models;

namespace Sandbox.Storage;

/// <summary>What is kept of a model beside its configuration, as text.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ModelRecord))]
internal sealed partial class ModelJson : JsonSerializerContext
{
    public static string Write(ModelRecord model) => JsonSerializer.Serialize(model, Default.ModelRecord);

    public static ModelRecord Read(string text) =>
        JsonSerializer.Deserialize(text, Default.ModelRecord) ?? throw new InvalidDataException("A model is null.");
}
