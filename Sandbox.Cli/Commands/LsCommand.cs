using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;
using Sandbox.Client;
using Sandbox.Contracts.Rock;

namespace Sandbox.Cli.Commands;

/// <summary><c>ls</c>: the sandboxes that are starting or running, or all.</summary>
internal static class LsCommand
{
    private const int PageSize = 500;
    private const string State = "state";
    private const string Deleted = "deleted";

    private static readonly Column[] Columns =
    [
        new("ID"), new("STATE"), new("IMAGE", Least: 12, Rank: 2), new("CPUS", Rank: 5), new("MEMORY", Rank: 4), new("CREATED", Rank: 3),
    ];

    private static readonly Column Since = new("SINCE", Rank: 1);

    private static readonly string[] Live = ["pending", "running"];

    public static Command Create(CommandContext context)
    {
        var all = new Option<bool>("--all", "-a")
        { Description = "Also the stopped, archived and, of the last 24 hours, deleted ones." };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Print only the ids." };
        var filters = new FieldFilters(
            State, "image", "user_id", "experiment_id", "namespace", "sandbox_id", "host_name", "host_ip", "tenant");
        var ls = new Command("ls", "List the sandboxes that are starting or running.") { all, quiet, filters.Option };
        ls.SetAction((parsed, _) =>
        {
            var filter = filters.Read(parsed);

            // A state that the short list never has is looked for where it can be.
            var isAll = parsed.GetValue(all) || (filter.TryGetValue(State, out var state) && !Live.Contains(state));
            return context.WithServerAsync(parsed, async client =>
            {
                var rows = isAll ? await ReadAllAsync(client, filter, context.Asked) : await ReadLiveAsync(client, filter, context.Asked);
                Print(rows, isAll, context.Json(parsed), parsed.GetValue(quiet), context.Time.GetUtcNow());
                return 0;
            });
        });
        return ls;
    }

    private static void Print(IReadOnlyList<SandboxRow> rows, bool isAll, bool json, bool quiet, DateTimeOffset now)
    {
        if (!quiet)
        {
            Printer.Rows(json, rows, CliJson.Default.IReadOnlyListSandboxRow, isAll ? [.. Columns, Since] : Columns, row =>
            [
                row.SandboxId, row.State, row.Image, $"{row.Cpus}", row.Memory ?? "", Times.Shown(row.CreateTime, now),
                .. isAll ? (string[])[Times.Shown(SinceOf(row), now)] : [],
            ]);
        }
        else if (json)
        {
            Printer.Json([.. rows.Select(row => row.SandboxId)], CliJson.Default.IReadOnlyListString);
        }
        else
        {
            foreach (var row in rows)
            {
                StandardStreams.WriteOutputLine(row.SandboxId);
            }
        }
    }

    /// <summary>When it came into its state.</summary>
    private static string? SinceOf(SandboxRow row) => row.DeleteTime ?? row.ArchiveTime ?? row.StopTime ?? row.StartTime;

    private static Task<IReadOnlyList<SandboxRow>> ReadLiveAsync(
        SandboxClient client, IReadOnlyDictionary<string, string> filter, CancellationToken cancellationToken) =>
        ReadAsync(page => client.ListAsync(filter, page, PageSize, cancellationToken));

    /// <summary>Of the deleted ones, which may be very many, the last.</summary>
    private static async Task<IReadOnlyList<SandboxRow>> ReadAllAsync(
        SandboxClient client, IReadOnlyDictionary<string, string> filter, CancellationToken cancellationToken)
    {
        var there = await ReadAsync(page => client.ListAllAsync(filter, deleted: false, page, PageSize, cancellationToken));
        var gone = filter.GetValueOrDefault(State, Deleted) is Deleted
            ? await client.ListAllAsync(filter, deleted: true, page: 1, PageSize, cancellationToken) : null;
        return [.. there, .. gone?.Items.Select(RowOf) ?? []];
    }

    private static async Task<IReadOnlyList<SandboxRow>> ReadAsync(Func<int, Task<ListResult>> read)
    {
        var rows = new List<SandboxRow>();
        for (var page = 1; ; page++)
        {
            var answer = await read(page);
            rows.AddRange(answer.Items.Select(RowOf));
            if (!answer.HasMore)
            {
                return rows;
            }
        }
    }

    private static SandboxRow RowOf(StatusResult status) => new(status.SandboxId ?? "", status.State ?? "", status.Image ?? "")
    {
        Cpus = status.Cpus,
        Memory = status.Memory,
        CreateTime = status.CreateTime,
        StartTime = status.StartTime,
        StopTime = status.StopTime,
        ArchiveTime = status.ArchiveTime,
        DeleteTime = status.DeleteTime,
        AutoStopTime = status.AutoStopTime,
        Reason = status.Reason,
    };
}
