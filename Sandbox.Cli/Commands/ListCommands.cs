using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Contracts.Rock;

namespace Sandbox.Cli.Commands;

/// <summary><c>ls</c> and <c>ps</c>: what there is.</summary>
internal static class ListCommands
{
    private const int PageSize = 500;

    private static readonly string[] SandboxColumns = ["ID", "STATE", "IMAGE", "CPUS", "MEMORY", "CREATED"];
    private static readonly string[] ProcessColumns = ["PID", "TAG", "COMMAND"];

    public static Command CreateLs(CommandContext context)
    {
        var ls = new Command("ls", "List the sandboxes that are starting or running.");
        ls.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var rows = new List<SandboxRow>();
            for (var page = 1; ; page++)
            {
                var answer = await client.ListAsync(new Dictionary<string, string>(), page, PageSize, context.Asked);
                rows.AddRange(answer.Items.Select(RowOf));
                if (!answer.HasMore)
                {
                    break;
                }
            }

            Printer.Rows(context.Json(parsed), rows, CliJson.Default.IReadOnlyListSandboxRow, SandboxColumns, row =>
                [row.SandboxId, row.State, row.Image, $"{row.Cpus}", row.Memory ?? "", row.CreateTime ?? ""]);
            return 0;
        }));
        return ls;
    }

    public static Command CreatePs(CommandContext context)
    {
        var id = CommandContext.IdArgument();
        var ps = new Command("ps", "List the processes that were started in a sandbox and still run.") { id };
        ps.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var processes = await client.Processes(parsed.GetValue(id)).ListAsync(context.Asked);
            IReadOnlyList<ProcessRow> rows =
                [.. processes.Select(
                    process =>
                        new ProcessRow(process.Pid, process.Config.Cmd, process.Config.Args ?? [], process.Config.Cwd, process.Tag))];
            Printer.Rows(context.Json(parsed), rows, CliJson.Default.IReadOnlyListProcessRow, ProcessColumns, row =>
                [$"{row.Pid}", row.Tag ?? "", string.Join(' ', row.Args.Prepend(row.Command))]);
            return 0;
        }));
        return ps;
    }

    private static SandboxRow RowOf(StatusResult status) => new(status.SandboxId ?? "", status.State ?? "", status.Image ?? "")
    {
        Cpus = status.Cpus,
        Memory = status.Memory,
        CreateTime = status.CreateTime,
        StartTime = status.StartTime,
        AutoStopTime = status.AutoStopTime,
    };
}
