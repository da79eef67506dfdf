namespace Sandbox.Topology.Reading;

/// <summary>A <c>.env</c> file: a line <c>NAME=value</c> each; quotes around a value, <c>export</c> and comments are allowed.</summary>
internal static class DotEnv
{
    public static List<KeyValuePair<string, string>> Parse(string text, string file, List<string> problems)
    {
        var variables = new List<KeyValuePair<string, string>>();
        var number = 0;
        foreach (var raw in text.Split('\n'))
        {
            number++;
            var line = raw.Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            line = line.StartsWith("export ", StringComparison.Ordinal) ? line["export ".Length..].TrimStart() : line;
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || line.AsSpan(0, equals).Trim().ContainsAny(' ', '\t'))
            {
                problems.Add($"{file} line {number}: is not NAME=value");
                continue;
            }

            variables.Add(new(line[..equals].TrimEnd(), Unquoted(line[(equals + 1)..].Trim())));
        }

        return variables;
    }

    private static string Unquoted(string value)
    {
        if (value is ['"', .., '"'] or ['\'', .., '\''])
        {
            return value[1..^1];
        }

        var comment = value.IndexOf(" #", StringComparison.Ordinal);
        return comment < 0 ? value : value[..comment].TrimEnd();
    }
}
