using System.Collections.Immutable;
using System.Globalization;

namespace Sandbox.Serving.Configuration;

/// <summary>A key of an engine's configuration, and which values it takes.</summary>
/// <param name="Summary">What it does, for the documentation.</param>
public sealed record ConfigurationKey(string Name, ConfigurationKeyKind Kind, string Summary)
{
    /// <summary>Longest text, in characters.</summary>
    private const int LongestText = 4096;

    /// <summary>How much of a wrong value an error shows, in characters.</summary>
    private const int LongestShown = 64;

    /// <summary>The value of a configuration that does not set it; null for none.</summary>
    public string? Default { get; init; }

    /// <summary>The least whole number.</summary>
    public long Least { get; init; } = long.MinValue;

    /// <summary>The greatest whole number.</summary>
    public long Most { get; init; } = long.MaxValue;

    /// <summary>The values of a choice.</summary>
    public ImmutableArray<string> Choices { get; init; } = [];

    public static ConfigurationKey Text(string name, string summary, string? byDefault = null) =>
        new(name, ConfigurationKeyKind.Text, summary) { Default = byDefault };

    public static ConfigurationKey Secret(string name, string summary) => new(name, ConfigurationKeyKind.Secret, summary);

    public static ConfigurationKey Flag(string name, string summary, bool byDefault = false) =>
        new(name, ConfigurationKeyKind.Flag, summary) { Default = byDefault ? "true" : "false" };

    public static ConfigurationKey Fraction(string name, string summary, string? byDefault = null) =>
        new(name, ConfigurationKeyKind.Fraction, summary) { Default = byDefault };

    public static ConfigurationKey Choice(string name, string summary, string? byDefault, params ImmutableArray<string> choices) =>
        new(name, ConfigurationKeyKind.Choice, summary) { Default = byDefault, Choices = choices };

    public static ConfigurationKey WholeNumber(string name, string summary, long least, long most, long? byDefault = null) =>
        new(name, ConfigurationKeyKind.WholeNumber, summary)
        {
            Least = least,
            Most = most,
            Default = byDefault?.ToString(CultureInfo.InvariantCulture),
        };

    /// <summary>What its values are, in words.</summary>
    public string Values => Kind switch
    {
        ConfigurationKeyKind.WholeNumber => string.Create(CultureInfo.InvariantCulture, $"a whole number from {Least} to {Most}"),
        ConfigurationKeyKind.Fraction => "a number above 0, at most 1",
        ConfigurationKeyKind.Flag => "true or false",
        ConfigurationKeyKind.Choice => $"one of {string.Join(", ", Choices)}",
        ConfigurationKeyKind.Secret => "a secret",
        _ => "text",
    };

    /// <summary>What is wrong with a value; null when nothing is. A secret is not shown.</summary>
    internal string? Check(string value) => Kind switch
    {
        ConfigurationKeyKind.WholeNumber => TryReadWholeNumber(value, out var number) && number >= Least && number <= Most
            ? null
            : NotOneOfThem(value),
        ConfigurationKeyKind.Fraction => TryReadNumber(value, out var number) && number is > 0 and <= 1 ? null : NotOneOfThem(value),
        ConfigurationKeyKind.Flag => bool.TryParse(value, out _) ? null : NotOneOfThem(value),
        ConfigurationKeyKind.Choice => Choices.Contains(value, StringComparer.Ordinal) ? null : NotOneOfThem(value),
        _ => CheckText(value),
    };

    internal static bool TryReadWholeNumber(string value, out long number) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out number);

    internal static bool TryReadNumber(string value, out double number) =>
        double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    private string? CheckText(string value) => value switch
    {
        { Length: 0 or > LongestText } => $"{Name} must have 1 to {LongestText} characters",
        _ when value.Any(char.IsControl) => $"{Name} must not contain control characters",
        // As the value of an argument, it would be read as another argument.
        ['-', ..] when Kind is ConfigurationKeyKind.Text => $"{Name} must not begin with '-'",
        _ => null,
    };

    private string NotOneOfThem(string value) =>
        $"{Name} must be {Values}, not '{(value.Length > LongestShown ? $"{value[..LongestShown]}..." : value)}'";
}
