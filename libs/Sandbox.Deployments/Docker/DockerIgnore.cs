using System.Text;
using System.Text.RegularExpressions;

namespace Sandbox.Deployments.Docker;

/// <summary>The rules of a <c>.dockerignore</c>: one pattern a line (<c>*</c>, <c>?</c>, <c>**</c>), <c>!</c> takes back,
/// <c>#</c> begins a comment, the last rule that matches decides. A pattern that matches a folder covers what is in it.</summary>
internal sealed class DockerIgnore
{
    private static readonly TimeSpan MatchLimit = TimeSpan.FromSeconds(1);

    private readonly IReadOnlyList<(Regex Pattern, bool Exclude)> _rules;

    public DockerIgnore(IEnumerable<string> lines) =>
        _rules = [.. lines.Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#').Select(Read)];

    /// <param name="name">Relative to the context, with <c>/</c>.</param>
    public bool Excludes(string name)
    {
        var excluded = false;
        foreach (var (pattern, exclude) in _rules)
        {
            if (exclude != excluded && pattern.IsMatch(name))
            {
                excluded = exclude;
            }
        }

        return excluded;
    }

    private static (Regex Pattern, bool Exclude) Read(string line)
    {
        var exclude = line[0] != '!';
        var parts = (exclude ? line : line[1..]).Trim().Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".")
            .ToArray();
        var regex = new StringBuilder("^");
        for (var i = 0; i < parts.Length; i++)
        {
            var last = i == parts.Length - 1;
            regex.Append(parts[i] == "**" ? last ? ".*" : "(?:[^/]+/)*" : Glob(parts[i]) + (last ? "" : "/"));
        }

        return (new Regex(regex.Append("(?:/|$)").ToString(), RegexOptions.CultureInvariant, MatchLimit), exclude);
    }

    private static string Glob(string part) =>
        Regex.Escape(part).Replace(@"\*", "[^/]*", StringComparison.Ordinal).Replace(@"\?", "[^/]", StringComparison.Ordinal);
}
