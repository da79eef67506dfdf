using System.Text;

namespace Sandbox.Cli.Completions;

/// <summary>Completion for bash; zsh reads two parts of it, too.</summary>
internal static class BashScript
{
    public static string Write(IReadOnlyList<CompletedCommand> commands) =>
        $$"""
        # bash completion of sandbox. Use: source <(sandbox completion bash)
        _sandbox() {
            local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} place='' candidates='' word i
            for ((i = 1; i < COMP_CWORD; i++)); do
                word=${COMP_WORDS[i]}
                [[ $word == -- ]] && return
        {{Places(commands)}}
            done
        {{Candidates(commands)}}
            COMPREPLY=($(compgen -W "$candidates" -- "$current"))
        }
        complete -o default -F _sandbox sandbox

        """;

    /// <summary>Follows <c>$word</c> from <c>$place</c> to the command below it.</summary>
    public static string Places(IReadOnlyList<CompletedCommand> commands) =>
        $$"""
                case "$place $word" in
                    {{string.Join('|', commands.Where(command => command.Path.Length > 0).Select(command => $"'{command.Path}'"))}})
                        place="$place $word" ;;
                esac
        """;

    /// <summary>Puts what may follow <c>$place</c> and <c>$previous</c> into <c>$candidates</c>.</summary>
    public static string Candidates(IReadOnlyList<CompletedCommand> commands)
    {
        var text = new StringBuilder("    case \"$place $previous\" in\n");
        foreach (var (command, option, values) in commands.SelectMany(
            command => command.Choices.Select(choice => (command, choice.Option, choice.Values))))
        {
            text.Append($"        '{command.Path} {option.Name}') candidates='{values}' ;;\n");
        }

        text.Append("        *)\n            case \"$place\" in\n");
        foreach (var command in commands)
        {
            text.Append($"                '{command.Path}') candidates='{command.Words}' ;;\n");
        }

        return text.Append("            esac ;;\n    esac").ToString();
    }
}
