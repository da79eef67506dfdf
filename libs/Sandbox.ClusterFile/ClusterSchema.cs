using System.ComponentModel;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Sandbox.ClusterFile.Reading;
using Sandbox.ClusterFile.Rules;
using Sandbox.ClusterFile.Settings;

namespace Sandbox.ClusterFile;

/// <summary>The JSON Schema of <c>cluster.yaml</c>, for editors: made from the same classes that read it.</summary>
public static class ClusterSchema
{
    public const string Name = "cluster.schema.json";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static string Write()
    {
        var schema = SectionOf(typeof(ClusterSettings), new ClusterSettings());
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", ClusterFileReader.Name);
        return schema.ToJsonString(Indented) + "\n";
    }

    private static JsonObject SectionOf(Type type, object defaults)
    {
        var (properties, required) = (new JsonObject(), new JsonArray());
        foreach (var property in type.GetProperties())
        {
            properties[SettingBinder.NameOf(property)] = ValueOf(property, property.GetValue(defaults));
            if (property.GetCustomAttribute<RequiredAttribute>() is not null && property.GetValue(defaults) is "")
            {
                required.Add(SettingBinder.NameOf(property));
            }
        }

        var schema = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
        if (required.Count > 0)
        {
            schema["required"] = required;
        }

        return schema;
    }

    private static JsonObject ValueOf(PropertyInfo property, object? standard)
    {
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        var schema = SettingBinder.IsSection(type)
            ? SectionOf(type, standard ?? Activator.CreateInstance(type)!)
            : new JsonObject { ["type"] = JsonTypeOf(type) };
        if (property.GetCustomAttribute<DescriptionAttribute>() is { } description)
        {
            schema.Insert(0, "description", description.Description);
        }

        if (SettingBinder.IsSection(type))
        {
            return schema;
        }

        foreach (var rule in property.GetCustomAttributes<RuleAttribute>())
        {
            rule.Describe(schema);
        }

        if (standard is not (null or ""))
        {
            schema["default"] = JsonSerializer.SerializeToNode(standard, standard.GetType());
        }

        return schema;
    }

    private static string JsonTypeOf(Type type) =>
        type == typeof(bool)
            ? "boolean" : type == typeof(int) ? "integer" : type == typeof(double) ? "number" : type == typeof(string) ? "string" : "array";
}
