using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Processes;

namespace Sandbox.Cli.Commands;

/// <summary><c>exec</c>: a command in a sandbox that runs.</summary>
internal static class ExecCommand
{
    public static Command Create(CommandContext context)
    {
        var id = CommandContext.IdArgument();
        var command = new Argument<string[]>("COMMAND")
        { Description = "After --: the command and its arguments.", Arity = ArgumentArity.OneOrMore };
        var env = Variables.Option();
        var cwd = new Option<string?>("--cwd", "-w") { Description = "Working folder.", HelpName = "DIR" };
        var timeout = new Option<double?>("--timeout")
        { Description = "End the command after so many seconds (exit code 124).", HelpName = "S" };
        var interactive = new Option<bool>("--interactive", "-i")
        { Description = "Give it our standard input; without it the command has none." };
        var detach = new Option<bool>("--detach", "-d") { Description = "Do not wait for it; print its process id." };
        var exec = new Command("exec", "Run a command in a running sandbox.") { id, interactive, env, cwd, timeout, detach, command };
        exec.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var request = CommandStart.Request(parsed.GetValue(command)!, Variables.Parse(parsed.GetValue(env)), parsed.GetValue(cwd));
            var withInput = parsed.GetValue(interactive) && !parsed.GetValue(detach);
            request = request with { Stdin = withInput };

            var sandbox = parsed.GetValue(id);
            await using var process = await CommandStart.StartAsync(client, sandbox, request, context.Asked);
            if (parsed.GetValue(detach))
            {
                context.Done(parsed, new Done("started") { SandboxId = sandbox.ToString(), Pid = process.Pid }, $"{process.Pid}");
                return 0;
            }

            IProcessOutput output = context.Json(parsed) ? new JsonOutput() : new PlainOutput();
            using var relay = new ProcessRelay(process, sandbox.ToString(), output, context.Interrupts, context.Time);
            return await relay.RunAsync(Limits.Seconds(parsed.GetValue(timeout)), withInput, context.Asked);
        }));
        return exec;
    }
}
