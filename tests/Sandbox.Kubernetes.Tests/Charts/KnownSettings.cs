using System.Collections;
using System.Reflection;
using Sandbox.Storage;

namespace Sandbox.Kubernetes.Tests.Charts;

/// <summary>The settings that a program reads: the options classes of its assemblies, by their sections; and, of those that are no
/// options, the ones that the documents name.</summary>
internal static class KnownSettings
{
    /// <summary>Null: the program knows this variable.</summary>
    public static string? WhyUnknown(Assembly program, string variable)
    {
        var parts = variable.Split("__");
        if (parts is ["ConnectionStrings", var connection])
        {
            return connection is StorageServiceCollectionExtensions.DatabaseName or StorageServiceCollectionExtensions.RedisName
                ? null : "no program has such a connection string";
        }

        var sections = Closure(program).SelectMany(assembly => assembly.GetTypes())
            .Where(type => SectionOf(type) is { } section && section.Equals(parts[0], StringComparison.OrdinalIgnoreCase)).ToList();
        return sections.Count == 0 ? IsDocumented(variable, parts) ? null : "neither a section of its options nor a name in docs/"
            : sections.Any(type => Has(type, parts.AsSpan(1))) ? null : $"section {parts[0]} has no such setting";
    }

    private static string? SectionOf(Type type) =>
        type == typeof(Node.Membership.NodeOptions) ? Node.WorkerOptions.Section // beside the worker's own, in the same section
        : type.GetField("Section", BindingFlags.Public | BindingFlags.Static) is { IsLiteral: true } field
            ? (string?)field.GetRawConstantValue()
            : null;

    private static bool Has(Type type, ReadOnlySpan<string> path)
    {
        if (path.Length == 0)
        {
            return type == typeof(string) || !typeof(IEnumerable).IsAssignableFrom(type);
        }

        if (type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type) && type.IsGenericType)
        {
            var isList = type.GetGenericArguments().Length == 1;
            return (!isList || int.TryParse(path[0], out _)) && Has(type.GetGenericArguments()[^1], path[1..]);
        }

        return type.GetProperty(path[0], BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase) is { } property
            && Has(property.PropertyType, path[1..]);
    }

    /// <summary>A name without a section, or the one setting of all programs that is no option of theirs.</summary>
    private static bool IsDocumented(string variable, string[] parts)
    {
        if (parts is not ([_] or ["Internal", _]))
        {
            return false;
        }

        string[] names = [$"`{variable}`", $"`{variable.Replace("__", ":", StringComparison.Ordinal)}`"];
        return variable == "ASPNETCORE_URLS" // ASP.NET Core's own
            || Directory.GetFiles(Path.Combine(Helm.RepositoryRoot, "docs"), "*.md").Select(File.ReadAllText)
                .Any(text => names.Any(name => text.Contains(name, StringComparison.Ordinal)));
    }

    private static List<Assembly> Closure(Assembly program)
    {
        List<Assembly> found = [program];
        for (var next = 0; next < found.Count; next++)
        {
            found.AddRange(found[next].GetReferencedAssemblies().Where(name => name.Name!.StartsWith("Sandbox.", StringComparison.Ordinal))
                .Select(Assembly.Load).Where(assembly => !found.Contains(assembly)).ToList());
        }

        return found;
    }
}
