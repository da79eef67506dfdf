namespace Sandbox.ClusterFile.Reading;

/// <summary>Variables that stand over the file: <c>SANDBOX_CLUSTER__services__health__port=8889</c>.</summary>
internal static class Overrides
{
    public const string Prefix = "SANDBOX_CLUSTER__";

    /// <param name="source">Where the variables come from, for messages; empty: the environment.</param>
    public static void Apply(
        SettingNode.Map settings, IEnumerable<KeyValuePair<string, string>> variables, string source, List<string> problems)
    {
        foreach (var (name, value) in variables.Where(one => one.Key.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase)))
        {
            var where = source.Length > 0 ? $"{name} in {source}" : name;
            string[] path = name[Prefix.Length..].ToLowerInvariant().Split("__");
            if (!TrySet(settings, path, new SettingNode.Text(value, where)))
            {
                problems.Add($"{where}: leads into a value that has no parts");
            }
        }
    }

    private static bool TrySet(SettingNode.Map settings, ReadOnlySpan<string> path, SettingNode.Text value)
    {
        if (path is [var last])
        {
            settings.Entries[last] = value;
            return true;
        }

        switch (settings.Entries.GetValueOrDefault(path[0]))
        {
            case SettingNode.Map below:
                return TrySet(below, path[1..], value);
            case null or SettingNode.Text { Value: null }:
                var section = new SettingNode.Map([], value.Where);
                settings.Entries[path[0]] = section;
                return TrySet(section, path[1..], value);
            default:
                return false;
        }
    }
}
