using System.Text;

namespace Sandbox.ClusterFile.Reading;

/// <summary>A <c>.env</c> file: a line <c>NAME=value</c> each; quotes around a value, <c>export</c> and comments are allowed. What is
/// between single quotes is meant literally; between double quotes a backslash stands before <c>\</c>, <c>"</c> and <c>$</c>, and
/// <c>\n</c> is a new line, as compose reads it too.</summary>
internal static class DotEnv
{
    /// <summary>Beside letters and digits, what needs no quotes.</summary>
    private const string Plain = "_-./:@%+,";

    /// <summary>Lines that this and compose read as these values.</summary>
    public static string Write(IEnumerable<KeyValuePair<string, string>> variables) =>
        string.Concat(variables.Select(one => $"{one.Key}={Quoted(one.Value)}\n"));

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
        if (value is ['\'', .., '\''])
        {
            return value[1..^1];
        }

        if (value is ['"', .., '"'])
        {
            return Unescaped(value[1..^1]);
        }

        var comment = value.IndexOf(" #", StringComparison.Ordinal);
        return comment < 0 ? value : value[..comment].TrimEnd();
    }

    private static string Quoted(string value)
    {
        if (value.Length > 0 && value.All(character => char.IsAsciiLetterOrDigit(character) || Plain.Contains(character)))
        {
            return value;
        }

        return value.AsSpan().ContainsAny("'\\\n") ? $"\"{string.Concat(value.Select(Escaped))}\"" : $"'{value}'";
    }

    private static string Escaped(char character) => character switch
    {
        '\\' or '"' or '$' => $"\\{character}",
        '\n' => "\\n",
        _ => character.ToString(),
    };

    private static string Unescaped(string text)
    {
        var value = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var escaped = text[i] == '\\' && i + 1 < text.Length ? text[i + 1] : '\0';
            value.Append(escaped is '\\' or '"' or '$' ? escaped : escaped is 'n' ? '\n' : text[i]);
            i += escaped is '\\' or '"' or '$' or 'n' ? 1 : 0;
        }

        return value.ToString();
    }
}
