using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Rollout.Bulk;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Runs;

namespace Sandbox.Cli.Commands;

/// <summary><c>deploy bulk</c>: several runs at once.</summary>
internal static class BulkCommand
{
    private static readonly string[] Columns = ["CHECKPOINT", "MACHINES", "STATUS", "EXECUTION", "ERROR"];

    public static Command Create(CommandContext context, RolloutOptions options)
    {
        var items = new Argument<string[]>("CHECKPOINT[@NODE,NODE]")
        {
            Description = "A checkpoint, on all machines or on these.",
            Arity = ArgumentArity.OneOrMore,
        };
        var force = new Option<bool>("--force") { Description = "Run also those for which earlier checkpoints have not passed." };
        var bulk = new Command("bulk", "Run several checkpoints, or one on several sets of machines, side by side.") { items, force };
        options.SetAction(bulk, async (parsed, session) =>
        {
            using var automation = session.Automate();
            var wanted = parsed.GetValue(items)!.Select(BulkItem.Parse).ToList();
            if (wanted.Count > BulkRunner.Most)
            {
                throw new CliException($"these are more than {BulkRunner.Most} runs at once", ExitCodes.Usage);
            }

            var results = await automation.Bulk.BeginAsync(wanted, session.User, parsed.GetValue(force), context.Asked);
            var ended = (await automation.Bulk.FollowAsync(results, context.Asked)).ToDictionary(run => run.Id);
            var rows = results.Select(result => RowOf(result, ended)).ToList();
            Printer.Rows(
                context.Json(parsed), rows, CliJson.Default.IReadOnlyListBulkRow, Columns, row =>
                [
                    row.Checkpoint, row.Machines.Count > 0 ? string.Join(' ', row.Machines) : "all", row.Status,
                    row.ExecutionId?.ToString() ?? "-", row.Error ?? "-",
                ]);
            if (rows.Count(row => row.Status is not "COMPLETED") is > 0 and var failed)
            {
                throw new CliException($"{failed} of {rows.Count} runs did not complete");
            }
        });
        return bulk;
    }

    private static BulkRow RowOf(BulkResult result, Dictionary<Guid, Execution> ended)
    {
        var run = result.Outcome is BeginOutcome.Begun { Execution: var begun } ? ended[begun.Id] : null;
        var status = result.Outcome switch
        {
            BeginOutcome.Begun => run!.State.ToString().ToUpperInvariant(),
            BeginOutcome.ApprovalRequired => "APPROVAL_REQUIRED",
            BeginOutcome.AlreadyRunning => "ALREADY_RUNNING",
            BeginOutcome.PrerequisitesMissing => "PREREQUISITES_MISSING",
            _ => "REFUSED",
        };
        return new BulkRow(result.Item.Checkpoint, result.Item.Machines, status)
        {
            ExecutionId = run?.Id,
            Error = run?.Error ?? result.Error,
        };
    }
}
