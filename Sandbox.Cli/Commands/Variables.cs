using System.CommandLine;

namespace Sandbox.Cli.Commands;

/// <summary>Options of the form <c>--env NAME=VALUE</c>.</summary>
internal static class Variables
{
    public static Option<string[]> Option()
    {
        var option = new Option<string[]>("--env", "-e") { Description = "Set an environment variable.", HelpName = "NAME=VALUE" };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(token => token.Value.IndexOf('=') <= 0))
            {
                result.AddError($"--env takes NAME=VALUE, not '{token.Value}'");
            }
        });
        return option;
    }

    /// <summary>The last one of a name wins.</summary>
    public static IReadOnlyDictionary<string, string> Parse(string[]? given)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in given ?? [])
        {
            var equals = pair.IndexOf('=');
            variables[pair[..equals]] = pair[(equals + 1)..];
        }

        return variables;
    }
}
