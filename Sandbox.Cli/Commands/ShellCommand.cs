using System.CommandLine;
using System.Runtime.InteropServices;
using Sandbox.Cli.Processes;
using Sandbox.Cli.Terminals;
using Sandbox.Client;
using Sandbox.Client.Processes;
using Sandbox.Contracts.Envd;
using Sandbox.Contracts.Ids;

namespace Sandbox.Cli.Commands;

/// <summary><c>shell</c>: an interactive terminal inside a sandbox.</summary>
internal static class ShellCommand
{
    public static Command Create(CommandContext context)
    {
        var id = CommandContext.IdArgument();
        var command = new Argument<string[]>("COMMAND")
        { Description = "After --: another program than the shell.", Arity = ArgumentArity.ZeroOrMore };
        var shell = new Command("shell", "Open an interactive terminal in a running sandbox.") { id, command };
        shell.SetAction((parsed, _) => StandardStreams.InputIsTerminal
            ? context.WithServerAsync(
                parsed, client => RunAsync(context, client, parsed.GetValue(id), parsed.GetValue(command) ?? []))
            : throw new CliException(
                "shell needs a terminal as its standard input; for commands from a file or a pipe: "
                    + $"sandbox exec -i {parsed.GetValue(id)} -- sh"));
        return shell;
    }

    private static async Task<int> RunAsync(CommandContext context, SandboxClient client, SandboxId id, string[] command)
    {
        await using var process = await StartAsync(context, client, id, command);
        using var resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Resize(process, context.Asked));
        using var terminal = RawTerminal.Enter();
        using var all = CancellationTokenSource.CreateLinkedTokenSource(context.Asked);
        _ = new InputPump(process).RunAsync(closeAtEnd: false, all.Token);
        try
        {
            await foreach (var happened in process.ReadAllAsync(all.Token))
            {
                if (happened.Data is { } data)
                {
                    StandardStreams.WriteOutput(data.Pty ?? data.Stdout ?? []);
                }
                else if (happened.End is { } ended)
                {
                    return SignalNames.ExitCodeOf(ended);
                }
            }

            throw new CliException("the shell's end was not told");
        }
        finally
        {
            await all.CancelAsync();
        }
    }

    private static async Task<ProcessStream> StartAsync(CommandContext context, SandboxClient client, SandboxId id, string[] command)
    {
        if (command.Length > 0)
        {
            return await CommandStart.StartAsync(client, id, Request(command), context.Asked);
        }

        try
        {
            return await client.Processes(id).StartAsync(Request(["bash", "-l"]), context.Asked);
        }
        catch (SandboxClientException exception) when (exception.Code is "not_found")
        {
            return await CommandStart.StartAsync(client, id, Request(["sh", "-l"]), context.Asked);
        }
    }

    private static StartRequest Request(IReadOnlyList<string> command) =>
        CommandStart.Request(
            command, Terminal(), cwd: null) with
        { Stdin = null, Pty = new Pty(RawTerminal.Size()), OnDisconnect = "kill" };

    private static Dictionary<string, string> Terminal() => new() { ["TERM"] = "xterm-256color" };

    private static void Resize(ProcessStream process, CancellationToken cancellationToken) =>
        _ = ResizeAsync(process, cancellationToken);

    private static async Task ResizeAsync(ProcessStream process, CancellationToken cancellationToken)
    {
        try
        {
            await process.ResizeAsync(RawTerminal.Size(), cancellationToken);
        }
        catch (Exception exception) when (exception is SandboxClientException or OperationCanceledException)
        {
            // The shell has ended; its stream says so.
        }
    }
}
