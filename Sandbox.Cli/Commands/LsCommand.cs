using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;
using Sandbox.Client;
using Sandbox.Contracts.Rock;

namespace Sandbox.Cli.Commands;

/// <summary><c>ls</c>: the sandboxes that the server lists.</summary>
internal static class LsCommand
{
    private const int PageSize = 500;

    private static readonly string[] Columns = ["ID", "STATE", "IMAGE", "CPUS", "MEMORY", "CREATED"];

    /// <summary>What the server filters by; it answers any other name with an empty list.</summary>
    private static readonly string[] Filters =
        ["state", "image", "user_id", "experiment_id", "namespace", "sandbox_id", "host_name", "host_ip", "tenant"];

    public static Command Create(CommandContext context)
    {
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Print only the ids." };
        var filters = new Option<string[]>("--filter")
        {
            Description = $"Only those of which this is true; may be given again. Names: {string.Join(", ", Filters)}.",
            HelpName = "NAME=VALUE",
        };
        var ls = new Command("ls", "List the sandboxes that are starting or running.") { quiet, filters };
        ls.SetAction((parsed, _) =>
        {
            var filter = Parse(parsed.GetValue(filters) ?? []);
            return context.WithServerAsync(parsed, async client =>
            {
                var rows = await ReadAsync(client, filter, context.Asked);
                Print(rows, context.Json(parsed), parsed.GetValue(quiet), context.Time.GetUtcNow());
                return 0;
            });
        });
        return ls;
    }

    private static void Print(IReadOnlyList<SandboxRow> rows, bool json, bool quiet, DateTimeOffset now)
    {
        if (!quiet)
        {
            Printer.Rows(json, rows, CliJson.Default.IReadOnlyListSandboxRow, Columns, row =>
                [row.SandboxId, row.State, row.Image, $"{row.Cpus}", row.Memory ?? "", Times.Shown(row.CreateTime, now)]);
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

    private static Dictionary<string, string> Parse(IEnumerable<string> given)
    {
        var filter = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var text in given)
        {
            if (text.Split('=', 2) is not [var name, var value] || value.Length == 0)
            {
                throw new CliException($"--filter takes NAME=VALUE, not '{text}'", ExitCodes.Usage);
            }

            if (!Filters.Contains(name))
            {
                throw new CliException($"--filter: there is no '{name}'; there are {string.Join(", ", Filters)}", ExitCodes.Usage);
            }

            if (!filter.TryAdd(name, value))
            {
                throw new CliException($"--filter: {name} is given twice", ExitCodes.Usage);
            }
        }

        return filter;
    }

    private static async Task<IReadOnlyList<SandboxRow>> ReadAsync(
        SandboxClient client, IReadOnlyDictionary<string, string> filter, CancellationToken cancellationToken)
    {
        var rows = new List<SandboxRow>();
        for (var page = 1; ; page++)
        {
            var answer = await client.ListAsync(filter, page, PageSize, cancellationToken);
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
        AutoStopTime = status.AutoStopTime,
    };
}
