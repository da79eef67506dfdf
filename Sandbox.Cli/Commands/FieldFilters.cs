using System.CommandLine;

namespace Sandbox.Cli.Commands;

/// <summary><c>--filter NAME=VALUE</c>, as often as wanted; all must match.</summary>
internal sealed class FieldFilters(params IReadOnlyList<string> names)
{
    public Option<string[]> Option { get; } = new("--filter")
    {
        Description = $"Only those of which this is true; may be given again. Names: {string.Join(", ", names)}.",
        HelpName = "NAME=VALUE",
    };

    /// <exception cref="CliException">One is malformed, unknown or given twice.</exception>
    public Dictionary<string, string> Read(ParseResult parsed)
    {
        var filter = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in parsed.GetValue(Option) ?? [])
        {
            if (text.Split('=', 2) is not [var name, var value] || value.Length == 0)
            {
                throw new CliException($"--filter takes NAME=VALUE, not '{text}'", ExitCodes.Usage);
            }

            if (!names.Contains(name))
            {
                throw new CliException($"--filter: there is no '{name}'; there are {string.Join(", ", names)}", ExitCodes.Usage);
            }

            if (!filter.TryAdd(name, value))
            {
                throw new CliException($"--filter: {name} is given twice", ExitCodes.Usage);
            }
        }

        return filter;
    }
}
