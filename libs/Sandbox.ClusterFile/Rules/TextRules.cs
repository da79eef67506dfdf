using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Sandbox.ClusterFile.Rules;

/// <summary>It must be there and not be blank; a list must not be empty.</summary>
internal sealed class RequiredAttribute : RuleAttribute
{
    internal override string? WhyBad(object value) => value switch
    {
        string text => string.IsNullOrWhiteSpace(text) ? "must not be empty" : null,
        List<string> list => list.Count == 0 ? "must name at least one" : null,
        _ => null,
    };

    internal override void Describe(JsonObject schema) =>
        schema[schema["type"]!.GetValue<string>() == "array" ? "minItems" : "minLength"] = 1;
}

/// <summary>A name that containers, hosts and databases can have.</summary>
internal sealed partial class NamedAttribute : RuleAttribute
{
    private const string Pattern = "^[a-z0-9][a-z0-9_-]{0,39}$";

    internal override string? WhyBad(object value) =>
        Form().IsMatch((string)value) ? null : "must be 1 to 40 lower-case letters, digits, '-' or '_', the first a letter or digit";

    internal override void Describe(JsonObject schema) => schema["pattern"] = Pattern;

    [GeneratedRegex(Pattern + "(?!\n)")]
    private static partial Regex Form();
}

internal sealed class OneOfAttribute(params string[] choices) : RuleAttribute
{
    internal override string? WhyBad(object value) =>
        choices.Contains((string)value) ? null : $"must be {string.Join(" or ", choices)}";

    internal override void Describe(JsonObject schema) => schema["enum"] = new JsonArray([.. choices.Select(choice => (JsonNode)choice)]);
}

internal sealed class AbsolutePathAttribute : RuleAttribute
{
    internal override string? WhyBad(object value) => ((string)value).StartsWith('/') ? null : "must be an absolute path";

    internal override void Describe(JsonObject schema) => schema["pattern"] = "^/";
}
