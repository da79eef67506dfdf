using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sandbox.Kubernetes.Templates;

/// <summary>YAML as JSON, and the filling of all its texts.</summary>
internal static class TemplateTree
{
    public static JsonObject Read(TextReader yaml, string name)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(yaml);
            return stream.Documents is [{ RootNode: YamlMappingNode root }]
                ? (JsonObject)Convert(root)!
                : throw new TemplateException($"Template '{name}' must be one YAML mapping.");
        }
        catch (YamlException exception)
        {
            throw new TemplateException($"Template '{name}' is not YAML: {exception.Message}");
        }
    }

    /// <summary>A filled copy; null when nothing is left of a text.</summary>
    public static JsonNode? Render(JsonNode? node, IReadOnlyDictionary<string, string> values) => node switch
    {
        JsonObject map => new JsonObject(map
            .Select(entry => KeyValuePair.Create(entry.Key, Render(entry.Value, values)))
            .Where(entry => entry.Value is not null || map[entry.Key] is null)),
        JsonArray list =>
            new JsonArray(
                [.. list.Select(item => (Was: item, Is: Render(item, values))).Where(item => item.Is is not null || item.Was is null)
                    .Select(item => item.Is)]),
        JsonValue value when value.TryGetValue<string>(out var text) => TemplateText.Render(text, values),
        _ => node?.DeepClone(),
    };

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode map =>
            new JsonObject(
                map.Children.Select(entry => KeyValuePair.Create(((YamlScalarNode)entry.Key).Value ?? "", Convert(entry.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
        YamlScalarNode scalar => Scalar(scalar),
        _ => throw new TemplateException("An alias cannot be used in a template."),
    };

    /// <summary>What stands without quotes may be a number, a truth value or nothing; everything else is text.</summary>
    private static JsonNode? Scalar(YamlScalarNode scalar) => scalar switch
    {
        { Style: not ScalarStyle.Plain } => scalar.Value,
        { Value: null or "" or "~" or "null" } => null,
        { Value: "true" } => true,
        { Value: "false" } => false,
        { Value: var text } when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
        { Value: var text }
            when decimal.TryParse(
                text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) =>
                    number,
        _ => scalar.Value,
    };
}
