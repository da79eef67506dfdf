namespace Sandbox.Serving.Configuration;

/// <summary>Takes secrets out of what an engine prints, before anybody reads it.</summary>
public sealed class SecretRedactor
{
    private readonly List<string> _values;

    public SecretRedactor(IEnumerable<Secret> secrets) => _values =
    [
        // The longest first: another secret may be a part of it.
        .. secrets.Select(secret => secret.Reveal()).Where(value => value.Length > 0).Distinct().OrderByDescending(value => value.Length),
    ];

    public string Redact(string line) =>
        _values.Aggregate(line, (text, value) => text.Replace(value, Secret.Mask, StringComparison.Ordinal));
}
