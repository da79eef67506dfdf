namespace Sandbox.Serving.Configuration;

/// <summary>A value that is shown to nobody: as text, and in what a serializer or a log makes of it, it is three asterisks.</summary>
public sealed class Secret(string value)
{
    internal const string Mask = "***";

    private readonly string _value = value;

    /// <summary>The value itself, for the environment of an engine and the header of a request to it.</summary>
    public string Reveal() => _value;

    public override string ToString() => Mask;
}
