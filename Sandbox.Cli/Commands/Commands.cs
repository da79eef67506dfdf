using System.CommandLine;
using System.CommandLine.Help;

namespace Sandbox.Cli.Commands;

/// <summary>The table of contents of the command line.</summary>
internal static class Commands
{
    public static Command All(CommandContext context)
    {
        var root = new Command("sandbox", "Runs code in sandboxes.")
        {
            new HelpOption(),
            new VersionOption(),
            RunCommand.Create(context),
            ServeCommand.Create(context),
            LsCommand.Create(context),
            PsCommand.Create(context),
            InspectCommand.Create(context),
            LogsCommand.Create(context),
            EventsCommand.Create(context),
            ExecCommand.Create(context),
            ShellCommand.Create(context),
            CpCommand.Create(context),
            PortForwardCommand.Create(context),
            NetworkCommand.Create(context),
            LifecycleCommands.CreateStop(context),
            LifecycleCommands.CreateRestart(context),
            LifecycleCommands.CreateRm(context),
            WaitCommand.Create(context),
            ArchiveCommands.CreateArchive(context),
            ArchiveCommands.CreateRestore(context),
            CommitCommand.Create(context),
            ImageCommand.Create(context),
            TenantCommands.Create(context),
            KeyCommands.Create(context),
            JobCommands.Create(context),
            NodeCommands.Create(context),
            MaintenanceCommands.Create(context),
            ContextCommands.Create(context),
            TopCommand.Create(context),
            DoctorCommand.Create(context),
            ClusterCommand.Create(context),
            ServingCommand.Create(context),
            DeployCommand.Create(context),
            ValidateCommand.Create(context),
            CompletionCommand.Create(),
        };
        context.AddTo(root);
        return root;
    }

    /// <summary>Whether the exit code is that of a command inside a sandbox. Below another command the names mean other things.</summary>
    public static bool ReturnsItsCommandsCode(ParseResult parsed) =>
        parsed.CommandResult is { Command.Name: "run" or "exec" or "shell", Parent.Parent: null };
}
