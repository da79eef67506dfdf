namespace Sandbox.Serving.Configuration;

/// <summary>What values a key of an engine's configuration takes.</summary>
public enum ConfigurationKeyKind
{
    Text,
    WholeNumber,

    /// <summary>A number above 0, up to 1.</summary>
    Fraction,

    /// <summary>true or false.</summary>
    Flag,

    /// <summary>One of a list.</summary>
    Choice,

    /// <summary>A text that is shown to nobody and reaches the engine through its environment only.</summary>
    Secret,
}
