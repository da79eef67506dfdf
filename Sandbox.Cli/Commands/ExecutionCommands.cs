using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Terminals;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Status;

namespace Sandbox.Cli.Commands;

/// <summary><c>deploy status</c>, <c>executions</c>, <c>stop</c>, <c>resume</c> and <c>reset</c>.</summary>
internal static class ExecutionCommands
{
    private static readonly string[] StatusColumns = ["CHECKPOINT", "STATUS", "PASSED", "NODES"];
    private static readonly string[] ExecutionColumns = ["EXECUTION", "CHECKPOINT", "STATUS", "STARTED BY", "STARTED", "ERROR"];

    public static Command CreateStatus(CommandContext context, RolloutOptions options)
    {
        var status = new Command("status", "Show what the last run of each checkpoint came to.");
        options.SetAction(status, async (parsed, session) =>
        {
            var found = ClusterStatus.Of(
                await session.Store.RecordsAsync(context.Asked), await session.Store.ActiveExecutionsAsync(context.Asked), answer: null,
                context.Time.GetUtcNow());
            Printer.Rows(
                context.Json(parsed), [.. found.CheckpointDetails.Values], CliJson.Default.IReadOnlyListCheckpointStatus, StatusColumns,
                row =>
                [
                    row.Checkpoint, StatusWord.Of(row.Status), $"{row.PassedNodes}/{row.TotalNodes}",
                    string.Join(' ', row.Nodes.Select(node => $"{node.Key}={StatusWord.Of(node.Value.Status)}")),
                ]);
        });
        return status;
    }

    public static Command CreateExecutions(CommandContext context, RolloutOptions options)
    {
        var id = new Argument<Guid?>("EXECUTION") { Description = "Print what this run printed.", Arity = ArgumentArity.ZeroOrOne };
        var executions = new Command("executions", "List the runs, the newest first, or print one's output.") { id };
        options.SetAction(executions, async (parsed, session) =>
        {
            if (parsed.GetValue(id) is { } execution)
            {
                foreach (var line in await session.Store.OutputAsync(execution, after: 0, int.MaxValue, context.Asked))
                {
                    StandardStreams.WriteOutputLine(line.Text);
                }

                return;
            }

            var rows = (await session.Store.ExecutionsAsync(100, context.Asked)).Select(found =>
                new ExecutionRow(found.Id, found.Checkpoint, found.State.ToString().ToUpperInvariant(), found.StartedBy, found.StartedAt)
                {
                    EndedAt = found.EndedAt,
                    Error = found.Error,
                });
            Print(context.Json(parsed), [.. rows]);
        });
        return executions;
    }

    public static void Print(bool json, IReadOnlyList<ExecutionRow> rows) => Printer.Rows(
        json, rows, CliJson.Default.IReadOnlyListExecutionRow, ExecutionColumns, row =>
        [
            row.ExecutionId.ToString(), row.Checkpoint, row.Status, row.StartedBy, Times.Rfc3339(row.StartedAt), row.Error ?? "-",
        ]);

    public static Command CreateStop(CommandContext context, RolloutOptions options)
    {
        var id = new Argument<Guid>("EXECUTION") { Description = "The run's id, as executions prints it." };
        var stop = new Command("stop", "End a run and all of its processes.") { id };
        options.SetAction(stop, async (parsed, session) =>
        {
            var execution = parsed.GetValue(id);
            if (!await session.Runner.StopAsync(execution, session.User, context.Asked))
            {
                throw new CliException($"no run {execution} is under way");
            }

            context.Done(parsed, new Done("stopped") { Execution = execution }, $"stopped {execution}");
        });
        return stop;
    }

    public static Command CreateResume(CommandContext context, RolloutOptions options)
    {
        var resume = new Command("resume", "Follow runs whose command was killed to their end, or find out what became of them.");
        options.SetAction(resume, async (parsed, session) =>
        {
            await session.Runner.ResumeAsync(context.Asked);
            using var automation = session.Automate();
            await automation.History.EndLeftAsync(context.Asked);
        });
        return resume;
    }

    public static Command CreateReset(CommandContext context, RolloutOptions options)
    {
        var reset = new Command("reset", "Forget the records and the approvals that no run has used; runs and the audit log stay.");
        options.SetAction(reset, async (parsed, session) =>
        {
            await session.Store.ResetAsync(new AuditEvent(context.Time.GetUtcNow(), session.User, "state.reset", "all"), context.Asked);
            session.State.Clear();
            context.Done(parsed, new Done("reset"), "reset");
        });
        return reset;
    }
}
