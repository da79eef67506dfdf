using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;

namespace Sandbox.Cli.Commands;

/// <summary><c>logs</c>: what the main process of a sandbox has written.</summary>
internal static class LogsCommand
{
    public static Command Create(CommandContext context)
    {
        var id = CommandContext.IdArgument();
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what it writes, until it ends." };
        var tail = new Option<int?>("--tail", "-n") { Description = "At most so many of the last lines.", HelpName = "N" };
        var since = new Option<string?>("--since") { Description = $"Only what was written since: {WhenText.Ago}", HelpName = "WHEN" };
        var logs = new Command("logs", "Print what the main process of a sandbox has written; commands' output is not part of it.")
        { id, follow, tail, since };
        logs.SetAction((parsed, _) =>
        {
            var from = WhenText.Past("--since", parsed.GetValue(since), context.Time);
            return context.WithServerAsync(parsed, async client =>
            {
                var sandbox = parsed.GetValue(id);
                await foreach (var piece in client.LogAsync(
                    sandbox, parsed.GetValue(follow), parsed.GetValue(tail), from, context.Asked))
                {
                    if (context.Json(parsed))
                    {
                        Printer.Json(
                            new ProcessLine("log") { SandboxId = sandbox.ToString(), Data = piece.ToArray() }, CliJson.Default.ProcessLine);
                    }
                    else
                    {
                        StandardStreams.WriteOutput(piece.Span);
                    }
                }

                return 0;
            });
        });
        return logs;
    }
}
