using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Ids;

/// <summary>
/// One life of a sandbox's container: it names the container, its folder, its labels and the jobs about it.
/// A restart keeps it (the same container starts again); a new start under the same sandbox id gets a new one.
/// </summary>
[JsonConverter(typeof(IncarnationIdJson))]
public readonly record struct IncarnationId : IParsable<IncarnationId>
{
    private readonly Guid _value;

    private IncarnationId(Guid value) => _value = value;

    public static IncarnationId New() => new(Guid.NewGuid());

    public static IncarnationId Parse(string s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out var id) ? id : throw new FormatException("Not an incarnation id.");

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out IncarnationId result)
    {
        var parsed = Guid.TryParseExact(s, "N", out var value);
        result = new IncarnationId(value);
        return parsed;
    }

    public override string ToString() => _value.ToString("N");
}

/// <summary>Public, so that serializers of other projects can be generated.</summary>
public sealed class IncarnationIdJson : JsonConverter<IncarnationId>
{
    public override IncarnationId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        IncarnationId.TryParse(reader.GetString(), null, out var id) ? id : throw new JsonException("not an incarnation id");

    public override void Write(Utf8JsonWriter writer, IncarnationId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
