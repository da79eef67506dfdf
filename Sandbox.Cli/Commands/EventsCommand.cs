using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Contracts.Management;

namespace Sandbox.Cli.Commands;

/// <summary><c>events</c>: what happens to the sandboxes, line by line.</summary>
internal static class EventsCommand
{
    public static Command Create(CommandContext context)
    {
        var since = new Option<string?>("--since")
        { Description = $"First what happened since: {WhenText.Ago} At most a day.", HelpName = "WHEN" };
        var past = new Option<bool>("--no-follow") { Description = "End with what has happened until now." };
        var filters = new FieldFilters("sandbox_id", "type", "state", "image", "tenant");
        var events = new Command("events", "Print what happens to the sandboxes: created, started, stopped, deleted, ... until Ctrl-C.")
        { since, past, filters.Option };
        events.SetAction((parsed, _) =>
        {
            var (filter, from) = (filters.Read(parsed), WhenText.Past("--since", parsed.GetValue(since), context.Time));
            return context.WithServerAsync(parsed, async client =>
            {
                await foreach (var one in client.EventsAsync(from, follow: !parsed.GetValue(past), filter, context.Asked))
                {
                    Print(one, context.Json(parsed));
                }

                return 0;
            });
        });
        return events;
    }

    private static void Print(LifecycleEvent one, bool json)
    {
        if (json)
        {
            Printer.Json(one, CliJson.Default.LifecycleEvent);
        }
        else
        {
            Printer.Line([Times.Rfc3339(one.Time), one.Type, one.SandboxId, one.Image, one.Reason ?? ""], [25, 14, 32, 0, 0]);
        }
    }
}
