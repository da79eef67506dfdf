using System.CommandLine;
using Sandbox.Cli.Output;

namespace Sandbox.Cli.Commands;

/// <summary><c>ps</c>: the processes of a sandbox.</summary>
internal static class PsCommand
{
    private static readonly string[] Columns = ["PID", "TAG", "COMMAND"];

    public static Command Create(CommandContext context)
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
            Printer.Rows(context.Json(parsed), rows, CliJson.Default.IReadOnlyListProcessRow, Columns, row =>
                [$"{row.Pid}", row.Tag ?? "", string.Join(' ', row.Args.Prepend(row.Command))]);
            return 0;
        }));
        return ps;
    }
}
