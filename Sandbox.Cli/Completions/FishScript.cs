using System.CommandLine;
using System.Text;

namespace Sandbox.Cli.Completions;

/// <summary>Completion for fish, with descriptions.</summary>
internal static class FishScript
{
    public static string Write(IReadOnlyList<CompletedCommand> commands)
    {
        var paths = commands.Where(command => command.Path.Length > 0).Select(command => Quoted(command.Path));
        var text = new StringBuilder(
            $$"""
            # fish completion of sandbox. Use: sandbox completion fish | source
            function __sandbox_at
                set -l place ''
                for word in (commandline -opc)[2..-1]
                    test "$word" = -- && return 1
                    switch "$place $word"
                        case {{string.Join(' ', paths)}}
                            set place "$place $word"
                    end
                end
                test "$place" = "$argv[1]"
            end

            """);
        foreach (var command in commands)
        {
            var place = $"complete -c sandbox -n {Quoted($"__sandbox_at '{command.Path}'")}";
            foreach (var below in command.Subcommands)
            {
                text.Append($"{place} -f -a {below.Name} -d {Quoted(below.Description ?? "")}\n");
            }

            foreach (var option in command.Options)
            {
                text.Append($"{place}{Words(option)} -d {Quoted(option.Description ?? "")}\n");
            }
        }

        return text.ToString();
    }

    private static string Words(Option option)
    {
        var names = string.Concat(
            option.Aliases.Where(alias => alias.Length == 2 && alias[0] == '-' && char.IsAsciiLetter(alias[1]))
                .Select(alias => $" -s {alias[1]}").Prepend($" -l {option.Name.TrimStart('-')}"));
        var values = CompletedCommand.ValuesOf(option);
        return names + (values.Length > 0 ? $" -x -a {Quoted(values)}" : CompletedCommand.TakesValue(option) ? " -r" : "");
    }

    private static string Quoted(string text) =>
        $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}
