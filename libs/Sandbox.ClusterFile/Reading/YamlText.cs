using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Sandbox.ClusterFile.Reading;

/// <summary>YAML as nodes that know their lines.</summary>
internal static class YamlText
{
    /// <param name="file">Name for messages.</param>
    /// <param name="problem">Why it cannot be read; null: it can.</param>
    public static SettingNode.Map Parse(string text, string file, out string? problem)
    {
        problem = null;
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            switch (stream.Documents)
            {
                case []:
                    return new SettingNode.Map([], file);
                case [{ RootNode: YamlMappingNode root }]:
                    return MapOf(root, file);
                default:
                    problem = $"{file}: must hold one document with sections, such as project: and nodes:";
                    break;
            }
        }
        catch (YamlException exception)
        {
            problem = $"{file} line {exception.Start.Line}: {exception.InnerException?.Message ?? exception.Message}";
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException)
        {
            // The library stumbles over some texts (a list that is not closed, among them) instead of saying where it was.
            problem = $"{file}: is not YAML; is a bracket or a quote not closed?";
        }

        return new SettingNode.Map([], file);
    }

    private static SettingNode.Map MapOf(YamlMappingNode map, string file)
    {
        var entries = new Dictionary<string, SettingNode>(StringComparer.Ordinal);
        foreach (var (key, value) in map.Children)
        {
            entries[(key as YamlScalarNode)?.Value ?? key.ToString()] = NodeOf(value, file);
        }

        return new SettingNode.Map(entries, Where(map, file));
    }

    private static SettingNode NodeOf(YamlNode node, string file) => node switch
    {
        YamlMappingNode map => MapOf(map, file),
        YamlSequenceNode list => new SettingNode.List([.. list.Children.Select(item => NodeOf(item, file))], Where(node, file)),
        YamlScalarNode { Style: ScalarStyle.Plain, Value: "" or "~" or "null" } => new SettingNode.Text(null, Where(node, file)),
        YamlScalarNode scalar => new SettingNode.Text(scalar.Value, Where(node, file)),
        _ => new SettingNode.Text(null, Where(node, file)),
    };

    private static string Where(YamlNode node, string file) =>
        string.Create(CultureInfo.InvariantCulture, $"{file} line {node.Start.Line}");
}
