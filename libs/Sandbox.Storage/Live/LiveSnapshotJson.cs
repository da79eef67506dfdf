using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Storage.Live;

/// <summary>A live entry as text; its values are what JSON knows.</summary>
[JsonSerializable(typeof(IReadOnlyDictionary<string, object?>))]
[JsonSerializable(typeof(Dictionary<string, object?>))]
[JsonSerializable(typeof(List<object?>))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(double))]
internal sealed partial class LiveSnapshotJson : JsonSerializerContext
{
    public static string Write(IReadOnlyDictionary<string, object?> entry) =>
        JsonSerializer.Serialize(entry, Default.IReadOnlyDictionaryStringObject);

    public static IReadOnlyDictionary<string, object?> Read(string? snapshot) => snapshot is null
        ? new Dictionary<string, object?>()
        : JsonSerializer.Deserialize(snapshot, Default.IReadOnlyDictionaryStringObject) ?? new Dictionary<string, object?>();
}
