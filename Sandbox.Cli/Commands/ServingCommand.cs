using System.CommandLine;

namespace Sandbox.Cli.Commands;

/// <summary><c>serving</c>: clusters on which engines run.</summary>
internal static class ServingCommand
{
    public static Command Create(CommandContext context)
    {
        var serving = new Command("serving", "Start and stop clusters on which engines serve models.");
        foreach (var command in CaiCommands.Create(context))
        {
            serving.Add(command);
        }

        return serving;
    }
}
