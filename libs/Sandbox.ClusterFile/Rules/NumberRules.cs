using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sandbox.ClusterFile.Rules;

/// <summary>A port that needs no privilege.</summary>
internal sealed class PortAttribute : RuleAttribute
{
    public const int Lowest = 1024, Highest = 65535;

    internal override string? WhyBad(object value) =>
        (int)value is >= Lowest and <= Highest ? null : $"must be a port from {Lowest} to {Highest}";

    internal override void Describe(JsonObject schema) => (schema["minimum"], schema["maximum"]) = (Lowest, Highest);
}

internal sealed class AtLeastAttribute(int least) : RuleAttribute
{
    internal override string? WhyBad(object value) =>
        Convert.ToDouble(value, CultureInfo.InvariantCulture) >= least ? null : $"must be {least} or more";

    internal override void Describe(JsonObject schema) => schema["minimum"] = least;
}

internal sealed class MoreThanAttribute(int bound) : RuleAttribute
{
    internal override string? WhyBad(object value) =>
        Convert.ToDouble(value, CultureInfo.InvariantCulture) > bound ? null : $"must be more than {bound}";

    internal override void Describe(JsonObject schema) => schema["exclusiveMinimum"] = bound;
}

/// <summary>Digits and g or m, more than zero; kept in lower case.</summary>
internal sealed partial class MemoryAttribute : RuleAttribute
{
    internal override string? WhyBad(object value) =>
        Form().IsMatch((string)value) ? null : "must be a whole number above zero with g or m, for example 4g or 512m";

    internal override object Normal(object value) => ((string)value).ToLowerInvariant();

    internal override void Describe(JsonObject schema) => schema["pattern"] = "^0*[1-9][0-9]{0,8}[gGmM]$";

    /// <summary>Of a value that passed.</summary>
    public static long Bytes(string memory) =>
        long.Parse(memory.AsSpan(0, memory.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture) << (memory[^1] == 'g' ? 30 : 20);

    [GeneratedRegex(@"\A0*[1-9][0-9]{0,8}[gGmM]\z")]
    private static partial Regex Form();
}
