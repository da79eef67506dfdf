using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Client;
using Sandbox.Contracts.Ids;

namespace Sandbox.Cli.Commands;

/// <summary><c>stop</c>, <c>restart</c> and <c>rm</c>.</summary>
internal static class LifecycleCommands
{
    public static Command CreateStop(CommandContext context)
    {
        var id = CommandContext.IdArgument();
        var stop = new Command("stop", "Stop a sandbox; one that was not made to be kept is deleted with it.") { id };
        stop.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var sandbox = parsed.GetValue(id);
            await client.StopAsync(sandbox, context.Asked);
            context.Done(parsed, new Done("stopped") { SandboxId = sandbox.ToString() }, $"stopped {sandbox}");
            return 0;
        }));
        return stop;
    }

    public static Command CreateRestart(CommandContext context)
    {
        var id = CommandContext.IdArgument();
        var restart = new Command("restart", "Start a stopped sandbox again, its files kept.") { id };
        restart.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var sandbox = parsed.GetValue(id);
            await RestartAsync(context, parsed, client, sandbox);
            context.Done(parsed, new Done("restarted") { SandboxId = sandbox.ToString() }, $"restarted {sandbox}");
            return 0;
        }));
        return restart;
    }

    public static Command CreateRm(CommandContext context)
    {
        var id = CommandContext.IdArgument();
        var force = new Option<bool>("--force", "-f") { Description = "Stop it first." };
        var rm = new Command("rm", "Delete a stopped sandbox for good.") { id, force };
        rm.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var sandbox = parsed.GetValue(id);
            if (parsed.GetValue(force))
            {
                await client.StopAsync(sandbox, context.Asked);
            }

            await client.DeleteAsync(sandbox, context.Asked);
            context.Done(parsed, new Done("removed") { SandboxId = sandbox.ToString() }, $"removed {sandbox}");
            return 0;
        }));
        return rm;
    }

    /// <summary>Starts a sandbox again, out of its archive where it lies in it, and waits until it runs.</summary>
    internal static async Task RestartAsync(CommandContext context, ParseResult parsed, SandboxClient client, SandboxId sandbox)
    {
        await client.RestartAsync(sandbox, context.Asked);
        using var progress = new StartProgress(quiet: context.Json(parsed));
        await client.WaitUntilAliveAsync(sandbox, progress, context.Asked);
    }
}
