using System.Collections.Immutable;

namespace Sandbox.Serving.Configuration;

/// <summary>All keys of an engine's configuration.</summary>
/// <param name="engine">The engine's name, for messages.</param>
public sealed class ConfigurationSchema(string engine, ImmutableArray<ConfigurationKey> keys)
{
    private readonly Dictionary<string, ConfigurationKey> _keys = keys.ToDictionary(key => key.Name, StringComparer.Ordinal);

    public ImmutableArray<ConfigurationKey> Keys { get; } = keys;

    /// <summary>What holds for a configuration that sets nothing.</summary>
    public EngineConfiguration Defaults => new(
        Keys.Where(key => key.Default is not null).Select(key => KeyValuePair.Create(key.Name, key.Default!)));

    /// <summary>Everything that is wrong with it, not only the first.</summary>
    public ValidationResult Validate(EngineConfiguration configuration) => new(
    [
        .. configuration.Names
            .Select(name => _keys.TryGetValue(name, out var key) ? key.Check(configuration.Find(name)!) : Unknown(name))
            .OfType<string>(),
    ]);

    public bool Has(string name) => _keys.ContainsKey(name);

    internal ConfigurationKey this[string name] => _keys[name];

    private string Unknown(string name) => Spelling.Nearest(name, _keys.Keys) is { } near
        ? $"'{name}' is not a key of {engine}; did you mean '{near}'?"
        : $"'{name}' is not a key of {engine}";
}
