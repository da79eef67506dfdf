using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json;
using Sandbox.ClusterFile.Rules;

namespace Sandbox.ClusterFile.Reading;

/// <summary>Puts what was written into the typed settings, and says of everything that does not fit what and where it is.</summary>
internal static class SettingBinder
{
    private static readonly NullabilityInfoContext Nullability = new();

    /// <summary>As it is written in the file.</summary>
    public static string NameOf(PropertyInfo property) => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name);

    public static bool MayBeAbsent(PropertyInfo property)
    {
        lock (Nullability)
        {
            return Nullability.Create(property).WriteState is NullabilityState.Nullable;
        }
    }

    public static bool IsSection(Type type) => type.Namespace == typeof(Settings.ClusterSettings).Namespace;

    /// <param name="section">An object of the settings, with its defaults.</param>
    public static void Bind(object section, SettingNode.Map written, string path, List<string> problems)
    {
        var properties = section.GetType().GetProperties().ToDictionary(NameOf, StringComparer.Ordinal);
        foreach (var (name, node) in written.Entries)
        {
            var full = path.Length == 0 ? name : $"{path}.{name}";
            if (properties.TryGetValue(name, out var property))
            {
                Put(section, property, node, full, problems);
            }
            else
            {
                problems.Add($"{full}: is not known here; known are {string.Join(", ", properties.Keys)} ({node.Where})");
            }
        }
    }

    /// <summary>The rules of each value by itself; defaults are asked, too, so that nothing that is missing is missed.</summary>
    public static void Check(object section, string path, List<string> problems)
    {
        foreach (var property in section.GetType().GetProperties())
        {
            var full = path.Length == 0 ? NameOf(property) : $"{path}.{NameOf(property)}";
            if (property.GetValue(section) is not { } value)
            {
                continue;
            }

            if (IsSection(property.PropertyType))
            {
                Check(value, full, problems);
                continue;
            }

            var reason = property.GetCustomAttributes<RuleAttribute>().OrderByDescending(rule => rule is RequiredAttribute)
                .Select(rule => rule.WhyBad(value)).FirstOrDefault(bad => bad is not null);
            if (reason is not null)
            {
                problems.Add($"{full}: {reason}{Shown(value)}");
            }
            else if (property.GetCustomAttribute<MemoryAttribute>() is { } memory)
            {
                property.SetValue(section, memory.Normal(value));
            }
        }
    }

    private static void Put(object section, PropertyInfo property, SettingNode node, string path, List<string> problems)
    {
        if (node is SettingNode.Text { Value: null })
        {
            return; // The default stays.
        }

        if (IsSection(property.PropertyType))
        {
            if (node is SettingNode.Map map)
            {
                var below = property.GetValue(section) ?? Activator.CreateInstance(property.PropertyType)!;
                property.SetValue(section, below);
                Bind(below, map, path, problems);
                return;
            }

            problems.Add($"{path}: must be a section ({node.Where})");
            return;
        }

        if (ValueOf(property.PropertyType, node) is { } value)
        {
            property.SetValue(section, value);
            return;
        }

        problems.Add($"{path}: must be {KindOf(property.PropertyType)}{Shown((node as SettingNode.Text)?.Value)} ({node.Where})");
    }

    private static object? ValueOf(Type type, SettingNode node)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(List<string>))
        {
            return ListOf(node);
        }

        return node is not SettingNode.Text { Value: { } text } ? null
            : type == typeof(string) ? text
            : type == typeof(bool) ? text.ToLowerInvariant() switch { "true" => true, "false" => false, _ => null }
            : type == typeof(int)
                ? int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) ? whole : null
            : double.TryParse(
                text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? number
                : null;
    }

    /// <summary>A variable cannot hold a list: its words are the items.</summary>
    private static List<string>? ListOf(SettingNode node) => node switch
    {
        SettingNode.Text { Value: { } text } => [.. text.Split([' ', ',', '\t'], StringSplitOptions.RemoveEmptyEntries)],
        SettingNode.List list when list.Items.All(item => item is SettingNode.Text { Value: not null }) =>
            [.. list.Items.Select(item => ((SettingNode.Text)item).Value!)],
        _ => null,
    };

    private static string KindOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type == typeof(bool) ? "true or false"
            : type == typeof(int) ? "a whole number"
            : type == typeof(double) ? "a number"
            : type == typeof(string) ? "a text" : "a list of texts";
    }

    private static string Shown(object? value) => value switch
    {
        null or IList => "",
        string { Length: 0 } => "",
        IFormattable number => $", not {number.ToString(null, CultureInfo.InvariantCulture)}",
        _ => $", not '{value}'",
    };
}
