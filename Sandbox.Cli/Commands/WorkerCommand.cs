using System.CommandLine;
using Microsoft.Extensions.Logging;
using Sandbox.Cli.Terminals;
using Sandbox.Rollout;

namespace Sandbox.Cli.Commands;

/// <summary><c>deploy worker</c>: schedules and webhooks, where no server runs them.</summary>
internal static class WorkerCommand
{
    public static Command Create(CommandContext context, RolloutOptions options)
    {
        var allow = new Option<bool>("--allow-private-webhooks")
        {
            Description = "Webhooks may be at private addresses, and without TLS.",
        };
        var worker = new Command("worker", "Run what is scheduled and tell webhooks what happens, until Ctrl-C.") { allow };
        options.SetAction(worker, async (parsed, session) =>
        {
            using var logging = LoggerFactory.Create(builder =>
                builder.AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace));
            using var automation = session.Automate(parsed.GetValue(allow), logging.CreateLogger<RolloutAutomation>());
            StandardStreams.WriteErrorLine("sandbox: running schedules and webhooks of this machine's rollouts; Ctrl-C ends it");
            await automation.RunAsync(context.Asked);
        });
        return worker;
    }
}
