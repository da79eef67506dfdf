using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Ids;

/// <summary>The name of a sandbox's record: 1 to 63 characters, <c>[A-Za-z0-9][A-Za-z0-9_.-]*</c>. Compared by ordinal.</summary>
[JsonConverter(typeof(SandboxIdJson))]
public readonly record struct SandboxId : IParsable<SandboxId>
{
    public const int MaxLength = 63;

    private readonly string? _value;

    private SandboxId(string value) => _value = value;

    /// <summary>32 lower-case hexadecimal digits, the form that clients expect when they name none.</summary>
    public static SandboxId New() => new(Guid.NewGuid().ToString("N"));

    public static SandboxId Parse(string s, IFormatProvider? provider = null) =>
        TryParse(s, provider, out var id) ? id : throw new FormatException($"'{Shorten(s)}' is not a sandbox id.");

    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out SandboxId result)
    {
        var valid = s is { Length: > 0 and <= MaxLength } && char.IsAsciiLetterOrDigit(s[0]) && s.All(IsAllowed);
        result = valid ? new SandboxId(s!) : default;
        return valid;
    }

    public override string ToString() => _value ?? "";

    private static bool IsAllowed(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-';

    private static string Shorten(string? s) => s is { Length: > 80 } ? s[..80] + "…" : s ?? "";
}

/// <summary>As a JSON string. Public for the serializers that are compiled into other assemblies.</summary>
public sealed class SandboxIdJson : JsonConverter<SandboxId>
{
    public override SandboxId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        SandboxId.TryParse(reader.GetString(), null, out var id) ? id : throw new JsonException("not a sandbox id");

    public override void Write(Utf8JsonWriter writer, SandboxId value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}
