using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;
using Sandbox.Client;
using Sandbox.Contracts.Management;
using Sandbox.Contracts.Rock;
using Spectre.Console;

namespace Sandbox.Cli.Commands;

/// <summary><c>top</c>: nodes and sandboxes, again and again on a terminal. It asks the server only, for a question to an agent
/// would count as use of its sandbox.</summary>
internal static class TopCommand
{
    private const string Forbidden = "forbidden";
    private const int PageSize = 500;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    public static Command Create(CommandContext context)
    {
        var once = new Option<bool>("--once") { Description = "Print what there is now and end." };
        var top = new Command("top", "Show nodes and sandboxes live; once, when piped.") { once };
        top.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            if (context.Json(parsed))
            {
                Printer.Json(await LookAsync(client, context.Asked), CliJson.Default.TopView);
            }
            else if (!StandardStreams.OutputIsTerminal)
            {
                TopPage.WriteLines(await LookAsync(client, context.Asked));
            }
            else if (parsed.GetValue(once))
            {
                AnsiConsole.Write(TopPage.Draw(await LookAsync(client, context.Asked), rows: null));
            }
            else
            {
                await WatchAsync(client, context);
            }

            return 0;
        }));
        return top;
    }

    /// <summary>Until somebody ends it.</summary>
    private static async Task WatchAsync(SandboxClient client, CommandContext context)
    {
        using var ticks = new PeriodicTimer(Every, context.Time);
        var first = await LookAsync(client, context.Asked);
        await AnsiConsole.Live(TopPage.Draw(first, AnsiConsole.Profile.Height)).AutoClear(true).StartAsync(async live =>
        {
            do
            {
                live.UpdateTarget(TopPage.Draw(await LookAsync(client, context.Asked), AnsiConsole.Profile.Height));
            }
            while (await ticks.WaitForNextTickAsync(context.Asked));
        });
    }

    private static async Task<TopView> LookAsync(SandboxClient client, CancellationToken cancellationToken)
    {
        var nodes = await NodesAsync(client, cancellationToken);
        var page = await client.ListAsync(new Dictionary<string, string>(), page: 1, PageSize, cancellationToken);
        return new TopView(nodes, [.. page.Items.Select(RowOf)], page.Total);
    }

    /// <summary>None for whoever is no admin.</summary>
    private static async Task<IReadOnlyList<NodeResult>> NodesAsync(SandboxClient client, CancellationToken cancellationToken)
    {
        try
        {
            return await client.NodesAsync(cancellationToken);
        }
        catch (SandboxClientException refused) when (refused.Code == Forbidden)
        {
            return [];
        }
    }

    private static TopRow RowOf(StatusResult status) => new(status.SandboxId ?? "", status.State ?? "", status.Image ?? "")
    {
        Node = status.HostName,
        Cpus = status.Cpus,
        Memory = status.Memory,
        CreateTime = status.CreateTime,
        AutoStopTime = status.AutoStopTime,
    };
}
