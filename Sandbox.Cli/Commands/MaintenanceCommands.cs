using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;
using Sandbox.Client;
using Sandbox.Contracts.Cluster;
using Sandbox.Contracts.Management;

namespace Sandbox.Cli.Commands;

/// <summary><c>maintenance ls</c> and <c>run</c>, and <c>image pull</c>, which is one of the tasks.</summary>
internal static class MaintenanceCommands
{
    /// <summary>From one look at how far the nodes are to the next.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private static readonly Column[] Columns =
    [
        new("NODE"), new("TASK"), new("SCHEDULE", Rank: 3), new("NEXT", Rank: 4), new("LAST", Rank: 2), new("STATE"),
        new("MESSAGE", Least: 12, Rank: 1),
    ];

    private static readonly Column[] RunColumns = [new("NODE"), new("STATE"), new("MESSAGE", Least: 12, Rank: 1)];

    public static Command Create(CommandContext context) => new("maintenance", "What keeps the nodes in order.")
    {
        CreateLs(context),
        CreateRun(context),
    };

    /// <summary>Waits until every node has the images, and says how far each is.</summary>
    public static Command CreatePull(CommandContext context)
    {
        var images = new Argument<string[]>("IMAGE")
        {
            Description = "Names of the images.",
            Arity = ArgumentArity.OneOrMore,
        };
        var nodes = NodesOption();
        var pull = new Command("pull", "Pull images on every node before a sandbox needs them.") { images, nodes };
        pull.SetAction((parsed, _) => context.WithServerAsync(parsed, client => RunAsync(
            context, client, context.Json(parsed),
            new MaintenanceRequest(MaintenanceTasks.ImagePull, parsed.GetValue(nodes), parsed.GetValue(images), Wait: false))));
        return pull;
    }

    private static Command CreateLs(CommandContext context)
    {
        var ls = new Command("ls", "List the tasks of each node: when they come, and what came of the last run.");
        ls.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var rows = (await client.MaintenanceAsync(context.Asked)).SelectMany(RowsOf).ToList();
            var now = context.Time.GetUtcNow();
            Printer.Rows(context.Json(parsed), rows, CliJson.Default.IReadOnlyListMaintenanceRow, Columns, row =>
            [
                row.Node, row.Task, row.Schedule, Times.Shown(row.NextAt, now, ""), Times.Shown(row.StartedAt, now, ""), row.State,
                row.Message,
            ]);
            return 0;
        }));
        return ls;
    }

    private static Command CreateRun(CommandContext context)
    {
        var task = new Argument<string>("TASK") { Description = string.Join(", ", MaintenanceTasks.All) + "." };
        task.AcceptOnlyFromAmong([.. MaintenanceTasks.All]);
        var nodes = NodesOption();
        var run = new Command("run", "Have nodes do a task now; 1 where it fails on one of them.") { task, nodes };
        run.SetAction((parsed, _) => context.WithServerAsync(parsed, client => RunAsync(
            context, client, context.Json(parsed),
            new MaintenanceRequest(parsed.GetValue(task), parsed.GetValue(nodes), Wait: false))));
        return run;
    }

    private static Option<string[]> NodesOption() => new("--node")
    {
        Description = "Only this node; may be given again.",
        HelpName = "NAME",
    };

    private static async Task<int> RunAsync(CommandContext context, SandboxClient client, bool json, MaintenanceRequest request)
    {
        var runs = await client.RunMaintenanceAsync(request, context.Asked);
        var told = new HashSet<string>(StringComparer.Ordinal);
        using var looks = new PeriodicTimer(LookEvery, context.Time);
        while (runs.Any(run => run.State is MaintenanceRun.Running))
        {
            await looks.WaitForNextTickAsync(context.Asked);
            runs = Newer(runs, await client.MaintenanceAsync(context.Asked), context.Time.GetUtcNow());
            foreach (var line in runs.Where(run => run is { State: MaintenanceRun.Running, Message.Length: > 0 })
                .Select(run => $"{run.Node}: {run.Message}").Where(told.Add))
            {
                StandardStreams.WriteErrorLine("sandbox: " + PlainText.OneLine(line));
            }
        }

        Printer.Rows(json, runs, CliJson.Default.IReadOnlyListMaintenanceRun, RunColumns, run => [run.Node, run.State, run.Message]);
        return runs.Any(run => run.State is MaintenanceRun.Succeeded) && runs.All(run => run.State is not MaintenanceRun.Failed)
            ? 0 : ExitCodes.Failure;
    }

    /// <summary>As the nodes tell them now. One that has forgotten its run was started again meanwhile.</summary>
    private static IReadOnlyList<MaintenanceRun> Newer(
        IReadOnlyList<MaintenanceRun> runs, IReadOnlyList<NodeMaintenanceReport> reports, DateTimeOffset now) =>
    [
        .. runs.Select(run => run.State is not MaintenanceRun.Running ? run
            : reports.FirstOrDefault(report => report.Node == run.Node) is not { } report
                ? run with { State = MaintenanceRun.Failed, Message = "The node is gone.", EndedAt = now }
            : report.Problem is not null ? run
            : report.Runs.FirstOrDefault(known => known.Id == run.Id)
                ?? run with { State = MaintenanceRun.Failed, Message = "The node was started again meanwhile.", EndedAt = now }),
    ];

    private static IEnumerable<MaintenanceRow> RowsOf(NodeMaintenanceReport report) => report.Problem is { } problem
        ? [new MaintenanceRow(report.Node, "", "", null, MaintenanceRun.Failed, null, problem)]
        : report.Tasks.Select(task => (task, Last: report.Runs.FirstOrDefault(run => run.Task == task.Task))).Select(row =>
            new MaintenanceRow(
                report.Node, row.task.Task, row.task.Schedule, row.task.NextAt, row.Last?.State ?? "", row.Last?.StartedAt,
                row.Last?.Message ?? ""));
}
