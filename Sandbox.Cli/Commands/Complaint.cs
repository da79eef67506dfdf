using System.CommandLine;
using System.CommandLine.Parsing;

namespace Sandbox.Cli.Commands;

/// <summary>What is wrong with a command line, in one sentence.</summary>
internal static class Complaint
{
    public static string About(ParseResult parsed)
    {
        // A word that fits nowhere says more than what is missing without it.
        if (parsed.UnmatchedTokens is not [{ } word, ..])
        {
            return parsed.Errors[0].Message;
        }

        var command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0 && !word.StartsWith('-'))
        {
            var path = string.Join(' ', PathOf(parsed.CommandResult).Append(word));
            return $"there is no command '{path}'{Advice(word, command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name))}";
        }

        var text = parsed.Errors.FirstOrDefault(error => error.Message.Contains(word, StringComparison.Ordinal))?.Message
            ?? $"'{word}' is not understood here";
        return word.StartsWith('-') ? text.TrimEnd('.') + Advice(word, OptionsOf(parsed.CommandResult)) : text;
    }

    private static string Advice(string word, IEnumerable<string> known) =>
        Spelling.Nearest(word, known) is { } near ? $"; did you mean '{near}'?" : "";

    /// <summary>The names of the command and its parents, without the program's own.</summary>
    private static IEnumerable<string> PathOf(CommandResult result) =>
        result.Parent is CommandResult parent ? PathOf(parent).Append(result.Command.Name) : [];

    private static IEnumerable<string> OptionsOf(CommandResult result)
    {
        var names = result.Command.Options.Select(option => option.Name);
        for (var above = result.Parent as CommandResult; above is not null; above = above.Parent as CommandResult)
        {
            names = names.Concat(above.Command.Options.Where(option => option.Recursive).Select(option => option.Name));
        }

        return names;
    }
}
