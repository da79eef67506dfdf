using System.CommandLine;
using System.Globalization;
using System.Text;
using Sandbox.Cli.Completions;

namespace Sandbox.Cli.Tests.Commands;

/// <summary>Makes <c>docs/command-line.md</c> from the commands, their arguments and their options.</summary>
internal static class CommandLinePage
{
    private const string Head = """
        # The command line

        Every command with its arguments and options. Made from the commands themselves: a test of `Sandbox.Cli.Tests` writes it to
        `artifacts/command-line.md` and compares. How it is installed, which server it uses, exit codes and examples are in
        [command-line-guide.md](command-line-guide.md).


        """;

    public static string Make(Command program)
    {
        var page = new StringBuilder(Head);
        page.Append("| command | |\n|---|---|\n");
        foreach (var command in program.Subcommands.Where(command => !command.Hidden))
        {
            page.Append(CultureInfo.InvariantCulture, $"| [`{command.Name}`](#sandbox-{command.Name}) | {Text(command.Description)} |\n");
        }

        page.Append("\n## Options of every command\n\n");
        AppendOptions(page, program.Options.Where(option => option.Recursive));
        foreach (var command in program.Subcommands)
        {
            Append(page, command, "sandbox");
        }

        return page.ToString();
    }

    private static void Append(StringBuilder page, Command command, string above)
    {
        if (command.Hidden)
        {
            return;
        }

        var path = $"{above} {command.Name}";
        page.Append(CultureInfo.InvariantCulture, $"\n## `{path}`\n\n{command.Description}\n");
        if (command.Subcommands.Count == 0)
        {
            page.Append(CultureInfo.InvariantCulture, $"\n```\n{UsageOf(command, path)}\n```\n");
        }

        if (command.Arguments.Any(argument => !argument.Hidden))
        {
            page.Append("\n| argument | |\n|---|---|\n");
            foreach (var argument in command.Arguments.Where(argument => !argument.Hidden))
            {
                page.Append(CultureInfo.InvariantCulture, $"| `{argument.Name}` | {Text(argument.Description)} |\n");
            }
        }

        if (command.Options.Any(option => !option.Hidden))
        {
            page.Append('\n');
            AppendOptions(page, command.Options);
        }

        foreach (var sub in command.Subcommands)
        {
            Append(page, sub, path);
        }
    }

    private static void AppendOptions(StringBuilder page, IEnumerable<Option> options)
    {
        page.Append("| option | values | default | |\n|---|---|---|---|\n");
        foreach (var option in options.Where(option => !option.Hidden))
        {
            page.Append(
                CultureInfo.InvariantCulture,
                $"| {NamesOf(option)} | {ValuesOf(option)} | {DefaultOf(option)} | {Text(option.Description)} |\n");
        }
    }

    private static string UsageOf(Command command, string path)
    {
        List<string> words = [path];
        if (command.Options.Any(option => !option.Hidden))
        {
            words.Add("[OPTION]...");
        }

        words.AddRange(command.Arguments.Where(argument => !argument.Hidden).Select(argument =>
        {
            var name = argument.Arity.MaximumNumberOfValues > 1 ? $"{argument.Name}..." : argument.Name;
            return argument.Arity.MinimumNumberOfValues == 0 ? $"[{name}]" : name;
        }));
        return string.Join(' ', words);
    }

    private static string NamesOf(Option option)
    {
        var value = CompletedCommand.TakesValue(option) ? $" {option.HelpName ?? "VALUE"}" : "";
        return string.Join(
            ", ",
            option.Aliases.Prepend(option.Name).Distinct().Where(name => name.StartsWith('-')).Select(name => $"`{name}{value}`"));
    }

    private static string ValuesOf(Option option) =>
        string.Join(
            ", ", CompletedCommand.ValuesOf(option).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(value => $"`{value}`"));

    private static string DefaultOf(Option option) =>
        CompletedCommand.TakesValue(option) && option.HasDefaultValue && option.GetDefaultValue() is { } value and not (Array or "")
            ? $"`{Convert.ToString(value, CultureInfo.InvariantCulture)}`"
            : "";

    private static string Text(string? description) => (description ?? "").Replace("|", "\\|", StringComparison.Ordinal);
}
