using System.Collections;
using Sandbox.ClusterFile.Compose;
using Sandbox.ClusterFile.Reading;
using Sandbox.ClusterFile.Settings;

namespace Sandbox.ClusterFile;

/// <summary>Reads <c>cluster.yaml</c> with what stands over it: the environment first, then <c>.env</c> beside it, then the file, then
/// the defaults. Everything that is wrong is told at once.</summary>
public static class ClusterFileReader
{
    public const string Name = "cluster.yaml";
    public const string EnvName = ".env";

    /// <summary>Names the file to processes that are not started by the command line.</summary>
    public const string Variable = "CLUSTER_FILE";

    /// <summary>The name that this file's settings had to themselves in an earlier layout.</summary>
    public const string LegacyName = "nodes.yaml";

    /// <param name="file">Path of the file.</param>
    /// <param name="environment">Variables of the process.</param>
    public static ClusterReading Read(string file, IEnumerable<KeyValuePair<string, string>> environment)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        if (File.Exists(Path.Combine(folder, LegacyName)))
        {
            return ClusterReading.Bad(
                $"{LegacyName} in {folder} is not read any more: move its contents below nodes: "
                + $"in {Path.GetFileName(file)}, and remove it");
        }

        try
        {
            return File.Exists(file)
                ? Read(File.ReadAllText(file), EnvBeside(folder), environment, Path.GetFileName(file))
                : ClusterReading.Bad($"there is no {Path.GetFullPath(file)}; `sandbox cluster init` makes one");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return ClusterReading.Bad($"{file} cannot be read: {exception.Message}");
        }
    }

    /// <summary>What a node or Health.Service takes from the file that <see cref="Variable"/> names, by the names of its own settings;
    /// its own environment stands over all of it. Empty: none is named.</summary>
    /// <exception cref="ClusterFileException">With everything that is wrong with it.</exception>
    public static IReadOnlyDictionary<string, string?> ForProcess(string? file)
    {
        if (string.IsNullOrWhiteSpace(file))
        {
            return new Dictionary<string, string?>();
        }

        var reading = Read(file, EnvironmentOfProcess());
        return reading.Settings is { } settings
            ? NodeEnvironment.OfDecision(settings.Nodes).Append(new("Cluster:Id", settings.Project.Name))
                .ToDictionary(one => one.Key, one => (string?)one.Value)
            : throw new ClusterFileException($"{Variable}: {string.Join("; ", reading.Problems)}");
    }

    /// <summary>All that stands over the file, as a <c>.env</c> that can lie beside a copy of it.</summary>
    internal static string OverridesInEffect(string file, IEnumerable<KeyValuePair<string, string>> environment)
    {
        var beside = EnvBeside(Path.GetDirectoryName(Path.GetFullPath(file))!) is { } text ? DotEnv.Parse(text, EnvName, []) : [];
        var last = beside.Concat(environment).Where(one => one.Key.StartsWith(Overrides.Prefix, StringComparison.OrdinalIgnoreCase))
            .GroupBy(one => one.Key, StringComparer.OrdinalIgnoreCase).Select(same => same.Last());
        return DotEnv.Write(last.OrderBy(one => one.Key, StringComparer.OrdinalIgnoreCase));
    }

    /// <summary>The variables of this process.</summary>
    public static IEnumerable<KeyValuePair<string, string>> EnvironmentOfProcess() =>
        Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(one => KeyValuePair.Create((string)one.Key, (string?)one.Value ?? ""));

    /// <param name="dotEnv">Contents of <c>.env</c>; null: there is none.</param>
    /// <param name="name">Of the file, for messages.</param>
    internal static ClusterReading Read(string yaml, string? dotEnv, IEnumerable<KeyValuePair<string, string>> environment, string name)
    {
        var problems = new List<string>();
        var written = YamlText.Parse(yaml, name, out var unreadable);
        if (unreadable is not null)
        {
            return ClusterReading.Bad(unreadable);
        }

        if (dotEnv is not null)
        {
            Overrides.Apply(written, DotEnv.Parse(dotEnv, EnvName, problems), EnvName, problems);
        }

        Overrides.Apply(written, environment, "", problems);
        var settings = new ClusterSettings();
        SettingBinder.Bind(settings, written, "", problems);
        SettingBinder.Check(settings, "", problems);
        if (problems.Count == 0)
        {
            problems.AddRange(CrossSettingRules.Check(settings));
        }

        return new ClusterReading(problems.Count == 0 ? settings : null, problems);
    }

    private static string? EnvBeside(string folder) =>
        Path.Combine(folder, EnvName) is var file && File.Exists(file) ? File.ReadAllText(file) : null;
}

/// <param name="Settings">Null: there are problems.</param>
/// <param name="Problems">All of them, a line each.</param>
public sealed record ClusterReading(ClusterSettings? Settings, IReadOnlyList<string> Problems)
{
    internal static ClusterReading Bad(string problem) => new(null, [problem]);
}
