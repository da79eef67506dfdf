namespace Sandbox.Cli.Completions;

/// <summary>Completion for zsh, sourced or as <c>_sandbox</c> in a folder of <c>$fpath</c>.</summary>
internal static class ZshScript
{
    public static string Write(IReadOnlyList<CompletedCommand> commands) =>
        $$"""
        #compdef sandbox
        # zsh completion of sandbox. Use, after compinit: source <(sandbox completion zsh)
        _sandbox() {
            local previous=${words[CURRENT-1]} place='' candidates='' word i
            for ((i = 2; i < CURRENT; i++)); do
                word=${words[i]}
                [[ $word == -- ]] && { _files; return; }
        {{BashScript.Places(commands)}}
            done
        {{BashScript.Candidates(commands)}}
            compadd -- ${=candidates} || _files
        }
        if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
            _sandbox "$@"
        else
            compdef _sandbox sandbox
        fi

        """;
}
