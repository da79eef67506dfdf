using System.Globalization;

namespace Sandbox.Serving.Configuration;

/// <summary>A valid configuration of an engine by its keys' kinds, with the defaults of what it does not set. A key that the schema does
/// not have, or a value that is not valid, throws.</summary>
public sealed class EngineSettings(ConfigurationSchema schema, EngineConfiguration configuration)
{
    /// <summary>Whether the user set it.</summary>
    public bool IsSet(string name) => configuration.Find(schema[name].Name) is not null;

    /// <summary>A text or a choice; null when there is none.</summary>
    public string? FindText(string name) => Find(name);

    public string Text(string name) => Find(name) ?? throw new ArgumentException($"{name} is not set.", nameof(name));

    /// <summary>A number as an argument has it; null when there is none.</summary>
    public string? FindNumber(string name) => Find(name) is not { } value ? null
        : schema[name].Kind is ConfigurationKeyKind.WholeNumber ? WholeNumber(name).ToString(CultureInfo.InvariantCulture)
        : ConfigurationKey.TryReadNumber(value, out var number) ? number.ToString(CultureInfo.InvariantCulture)
        : throw new ArgumentException($"{name} is not a number.", nameof(name));

    public int WholeNumber(string name) => ConfigurationKey.TryReadWholeNumber(Text(name), out var number)
        ? checked((int)number)
        : throw new ArgumentException($"{name} is not a number.", nameof(name));

    public bool Flag(string name) => bool.Parse(Text(name));

    /// <summary>Null when there is none.</summary>
    public Secret? FindSecret(string name) => Find(name) is { } value ? new(value) : null;

    private string? Find(string name) => configuration.Find(schema[name].Name) ?? schema[name].Default;
}
