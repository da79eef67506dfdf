using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Sandbox.House.Tests;

/// <summary>Makes <c>docs/settings.md</c> from the options classes, their attributes and their documentation.</summary>
internal static partial class SettingsPage
{
    private const string Head = """
        # Settings

        Every setting of the programs. Made from their source: a test of `Sandbox.House.Tests` writes it to `artifacts/settings.md`
        and compares. As an environment variable a `:` is `__`: `Worker__DataFolder`. A time is `[days.]hours:minutes:seconds`.
        All are checked at the start: one that cannot be ends the program with a line that names it.

        """;

    private static readonly (string Program, string Sections)[] Readers =
    [
        ("every program of a cluster", "Cluster"),
        ("Sandbox.Api", "Api E2b Gateway Limits Start Lifecycle Operator Rollout Monitoring Serving ClusterManagement"),
        ("Sandbox.Api and Sandbox.Worker", "Security"),
        ("Sandbox.Worker and Sandbox.Kubernetes", "Worker Maintenance"),
        ("all that read and write records", "Archive Redis"),
        ("Sandbox.Kubernetes", "Kubernetes"),
        ("Health.Service", "Health"),
    ];

    public static string Make()
    {
        var sections = Sections();
        var page = new StringBuilder(Head);
        foreach (var (program, names) in Readers)
        {
            foreach (var name in names.Split(' '))
            {
                page.Append(
                    CultureInfo.InvariantCulture,
                    $"\n## `{name}` ({program})\n\n| setting | type | default | bounds | |\n|---|---|---|---|---|\n");
                foreach (var type in sections[name])
                {
                    AppendRows(page, name, type, Activator.CreateInstance(type)!);
                }

                sections.Remove(name);
            }
        }

        Assert.Empty(sections.Keys);
        return page.ToString();
    }

    private static Dictionary<string, List<Type>> Sections()
    {
        Assembly[] programs =
            [typeof(Health.Service.HealthOptions).Assembly, typeof(Api.ApiOptions).Assembly, typeof(Kubernetes.KubernetesOptions).Assembly];
        var types = programs.SelectMany(
            program => program.GetReferencedAssemblies().Where(name => name.Name!.StartsWith("Sandbox.", StringComparison.Ordinal))
                .Select(Assembly.Load).Append(program))
            .Distinct().SelectMany(assembly => assembly.GetTypes()).ToList();
        var sections = types.Where(type => SectionOf(type) is not null).GroupBy(type => SectionOf(type)!)
            .ToDictionary(group => group.Key, group => group.ToList());

        // Beside the worker's own, in the same section.
        sections["Worker"].Add(types.Single(type => type.Name == "NodeOptions"));
        return sections;
    }

    private static string? SectionOf(Type type) =>
        type.GetField("Section", BindingFlags.Public | BindingFlags.Static) is { IsLiteral: true } field
            && field.FieldType == typeof(string)
            ? (string?)field.GetRawConstantValue()
            : null;

    private static void AppendRows(StringBuilder page, string prefix, Type type, object defaults)
    {
        foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => IsBound(property)))
        {
            var value = property.GetValue(defaults);
            var name = $"{prefix}:{property.Name}";
            if (IsOurs(property.PropertyType) && value is not null)
            {
                AppendRows(page, name, property.PropertyType, value);
                continue;
            }

            page.Append(
                CultureInfo.InvariantCulture,
                $"| `{name}` | {TypeName(property.PropertyType)} | {DefaultOf(value)} | {BoundsOf(property)} | {SummaryOf(property)} |\n");
        }
    }

    /// <summary>The binder sets properties, and fills what it cannot replace.</summary>
    private static bool IsBound(PropertyInfo property) => property.SetMethod is { IsPublic: true }
        || (property.SetMethod is null
            && (IsOurs(property.PropertyType) || property.PropertyType.Name.StartsWith("IDictionary", StringComparison.Ordinal)));

    private static bool IsOurs(Type type) =>
        type is { IsClass: true } && type.Assembly.GetName().Name!.Contains('.', StringComparison.Ordinal)
        && type.Namespace?.StartsWith("System", StringComparison.Ordinal) is false;

    private static string TypeName(Type type) => Nullable.GetUnderlyingType(type) is { } inner ? TypeName(inner)
        : type == typeof(TimeSpan) ? "time"
        : type == typeof(bool) ? "true or false"
        : type == typeof(string) ? "text"
        : type == typeof(int) || type == typeof(long) ? "whole number"
        : type == typeof(double) || type == typeof(decimal) ? "number"
        : type.IsEnum ? string.Join(", ", Enum.GetNames(type).Select(name => $"`{name}`"))
        : typeof(IDictionary).IsAssignableFrom(type) || type.Name.Contains("Dictionary", StringComparison.Ordinal) ? "entries by name"
        : typeof(IEnumerable).IsAssignableFrom(type) ? "list"
        : type.Name;

    private static string DefaultOf(object? value) => value switch
    {
        null or "" => "",
        string text when text == Environment.MachineName => "this machine's name",
        bool truth => truth ? "true" : "false",
        TimeSpan time => time.ToString("c", CultureInfo.InvariantCulture),
        string text => $"`{text}`",
        IEnumerable list => string.Join(", ", list.Cast<object>().Select(DefaultOf)),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => "",
    };

    private static string BoundsOf(PropertyInfo property) =>
        string.Join("; ", property.GetCustomAttributes<ValidationAttribute>().Select(attribute => attribute switch
    {
        RequiredAttribute => "required",
        RangeAttribute range =>
            $"{range.Minimum} to {(range.Maximum is int.MaxValue or long.MaxValue or >= (double)long.MaxValue ? "any" : range.Maximum)}",
        AllowedValuesAttribute allowed => string.Join(", ", allowed.Values.Select(value => $"`{value}`")),
        RegularExpressionAttribute expression => $"`{expression.Pattern.Replace("|", "\\|", StringComparison.Ordinal)}`",
        MinLengthAttribute least => $"at least {least.Length} {(property.PropertyType == typeof(string) ? "characters" : "entries")}",
        _ => "",
    }).Where(text => text.Length > 0));

    private static string SummaryOf(PropertyInfo property)
    {
        var file = Path.ChangeExtension(property.DeclaringType!.Assembly.Location, ".xml");
        var member = $"P:{property.DeclaringType.FullName!.Replace('+', '.')}.{property.Name}";
        var summary = XDocument.Load(file).Descendants("member")
            .FirstOrDefault(one => one.Attribute("name")?.Value == member)?.Element("summary");
        return summary is null ? "" : Spaces().Replace(Text(summary), " ").Trim().Replace("|", "\\|", StringComparison.Ordinal);
    }

    private static string Text(XElement element) => string.Concat(element.Nodes().Select(node => node switch
    {
        XText text => text.Value,
        XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
        XElement see when see.Attribute("cref") is { } reference => $"`{reference.Value.Split('.')[^1]}`",
        XElement other => Text(other),
        _ => "",
    }));

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
