using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;
using Sandbox.Client;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Sandbox.Cli.Commands;

/// <summary><c>top</c>: nodes and sandboxes, again and again on a terminal.</summary>
internal static class TopCommand
{
    private const int MostLooks = 10;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    public static Command Create(CommandContext context)
    {
        var once = new Option<bool>("--once") { Description = "Print what there is now and end." };
        var top = new Command("top", "Show nodes and sandboxes live; once, when piped.") { once };
        top.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            if (context.Json(parsed))
            {
                Printer.Json(await OnceAsync(client, context), CliJson.Default.TopView);
            }
            else if (!StandardStreams.OutputIsTerminal)
            {
                TopPage.WriteLines(await OnceAsync(client, context));
            }
            else if (parsed.GetValue(once))
            {
                AnsiConsole.Write(Draw(await OnceAsync(client, context), rows: null, context));
            }
            else
            {
                await WatchAsync(client, context);
            }

            return 0;
        }));
        return top;
    }

    private static IRenderable Draw(TopView view, int? rows, CommandContext context) =>
        TopPage.Draw(view, rows, AnsiConsole.Profile.Width, context.Time.GetUtcNow());

    /// <summary>Until somebody ends it.</summary>
    private static async Task WatchAsync(SandboxClient client, CommandContext context)
    {
        using var ticks = new PeriodicTimer(Every, context.Time);
        var look = new TopLook(client);
        await AnsiConsole.Live(Draw(await look.TakeAsync(context.Asked), AnsiConsole.Profile.Height, context)).AutoClear(true)
            .StartAsync(async live =>
        {
            do
            {
                live.UpdateTarget(Draw(await look.TakeAsync(context.Asked), AnsiConsole.Profile.Height, context));
            }
            while (await ticks.WaitForNextTickAsync(context.Asked));
        });
    }

    /// <summary>As many looks as it takes to see a difference, since the use of CPU is what happened in between: busy nodes measure
    /// seldom.</summary>
    private static async Task<TopView> OnceAsync(SandboxClient client, CommandContext context)
    {
        var look = new TopLook(client);
        var view = await look.TakeAsync(context.Asked);
        for (var looks = 1; looks < MostLooks && KnowsNoCpuYet(view); looks++)
        {
            await Task.Delay(Every, context.Time, context.Asked);
            view = await look.TakeAsync(context.Asked);
        }

        return view;
    }

    private static bool KnowsNoCpuYet(TopView view)
    {
        var uses = view.Sandboxes.Select(row => row.Use).Concat(view.NodeUse.Values).OfType<TopUsage>().ToList();
        return uses.Count > 0 && uses.All(use => use.Cpus is null);
    }
}
