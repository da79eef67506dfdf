using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Sandbox.Serving.Configuration;

/// <summary>What a user asks of an engine, not checked yet: values by key, as text. As text itself it names its keys only, because any
/// value may be a secret.</summary>
public sealed class EngineConfiguration
{
    private readonly Dictionary<string, string> _values;

    /// <exception cref="ArgumentException">A key is named twice.</exception>
    public EngineConfiguration(IEnumerable<KeyValuePair<string, string>> values) => _values = new(values, StringComparer.Ordinal);

    public IEnumerable<string> Names => _values.Keys.Order(StringComparer.Ordinal);

    /// <summary>The keys and values of a JSON object. A null is a key that is not there.</summary>
    /// <exception cref="FormatException">It is no object, a value is a list or an object, or a key is named twice.</exception>
    public static EngineConfiguration FromJson(JsonElement json)
    {
        if (json.ValueKind is not JsonValueKind.Object)
        {
            throw new FormatException("The configuration of an engine is a JSON object.");
        }

        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in json.EnumerateObject().Where(property => property.Value.ValueKind is not JsonValueKind.Null))
        {
            if (!values.TryAdd(property.Name, TextOf(property)))
            {
                throw new FormatException($"The key '{property.Name}' is named twice.");
            }
        }

        return new(values);
    }

    /// <summary>The keys and values of a section of the settings.</summary>
    /// <exception cref="FormatException">A value is a list or a section.</exception>
    public static EngineConfiguration FromSection(IConfigurationSection section) => new(section.GetChildren()
        .Select(child => KeyValuePair.Create(
            child.Key, child.Value ?? throw new FormatException($"The value of '{child.Key}' must not be a list or an object."))));

    /// <summary>Null when it is not set.</summary>
    public string? Find(string name) => _values.GetValueOrDefault(name);

    public EngineConfiguration With(string name, string value) => new(new Dictionary<string, string>(_values) { [name] = value });

    /// <summary>The keys and values, of which any may be a secret.</summary>
    public IReadOnlyDictionary<string, string> Reveal() => _values;

    public override string ToString() => string.Join(", ", Names);

    private static string TextOf(JsonProperty property) => property.Value.ValueKind switch
    {
        JsonValueKind.String => property.Value.GetString()!,
        JsonValueKind.Number => property.Value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => throw new FormatException($"The value of '{property.Name}' must not be a list or an object."),
    };
}
