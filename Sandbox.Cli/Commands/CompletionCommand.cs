using System.CommandLine;
using Sandbox.Cli.Completions;
using Sandbox.Cli.Terminals;

namespace Sandbox.Cli.Commands;

/// <summary><c>completion</c>: scripts that let shells complete this command line.</summary>
internal static class CompletionCommand
{
    private const string Bash = "bash";
    private const string Zsh = "zsh";
    private const string Fish = "fish";

    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong(Bash, Zsh, Fish);
        var completion = new Command("completion", "Print a script with which a shell completes commands and options.") { shell };
        completion.SetAction(parsed =>
        {
            var commands = CompletedCommand.TreeOf(parsed.RootCommandResult.Command);
            StandardStreams.WriteOutput(System.Text.Encoding.UTF8.GetBytes(parsed.GetValue(shell) switch
            {
                Bash => BashScript.Write(commands),
                Zsh => ZshScript.Write(commands),
                _ => FishScript.Write(commands),
            }));
            return 0;
        });
        return completion;
    }
}
