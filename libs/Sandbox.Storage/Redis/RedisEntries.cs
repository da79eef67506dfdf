using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Redis;

/// <summary>What stands under <c>alive:{id}</c>: the version it is about (first, scripts read it), and the allowed fields.</summary>
internal sealed record AliveEntry(
    [property: JsonPropertyName("version"), JsonPropertyOrder(-1)] long Version,
    [property: JsonPropertyName("alive")] IReadOnlyDictionary<string, object?> Alive);

/// <summary>What stands under <c>timeout:{id}</c>: the names are ROCK's, the finer moment is ours.</summary>
internal sealed record TimeoutEntry(
    [property: JsonPropertyName("version"), JsonPropertyOrder(-1)] long Version,
    [property: JsonPropertyName("auto_clear_time")] string AutoClearMinutes,
    [property: JsonPropertyName("expire_time")] string ExpireSeconds,
    [property: JsonPropertyName("idle_ticks")] long IdleTicks,
    [property: JsonPropertyName("expire_ticks")] long ExpireTicks)
{
    public static TimeoutEntry Of(long version, LiveTimeout timeout) => new(
        version,
        timeout.IdleTimeout.TotalMinutes.ToString(CultureInfo.InvariantCulture),
        timeout.ExpiresAt.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        timeout.IdleTimeout.Ticks,
        timeout.ExpiresAt.UtcTicks);

    public LiveTimeout ToTimeout() => new(TimeSpan.FromTicks(IdleTicks), new DateTimeOffset(ExpireTicks, TimeSpan.Zero));
}

[JsonSerializable(typeof(AliveEntry))]
[JsonSerializable(typeof(TimeoutEntry))]
[JsonSerializable(typeof(Dictionary<string, object?>))]
[JsonSerializable(typeof(List<object?>))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(double))]
internal sealed partial class RedisEntryJson : JsonSerializerContext
{
    /// <summary>Null: not an entry of ours (damaged, or another program's).</summary>
    public static AliveEntry? ReadAlive(string text) => Read(text, Default.AliveEntry) is { Alive: not null } entry ? entry : null;

    public static TimeoutEntry? ReadTimeout(string text) => Read(text, Default.TimeoutEntry);

    private static T? Read<T>(string text, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(text, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
