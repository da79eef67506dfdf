using System.CommandLine;
using System.CommandLine.Help;
using Sandbox.Cli.Output;
using Sandbox.Cli.Rollouts;
using Sandbox.Cli.Terminals;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Runs;

namespace Sandbox.Cli.Commands;

/// <summary><c>deploy</c>: a cluster on machines of one's own, checkpoint by checkpoint, with people's consents.</summary>
internal static class DeployCommand
{
    private static readonly string[] CheckpointColumns = ["ORDER", "CHECKPOINT", "APPROVAL", "DESTRUCTIVE", "DESCRIPTION"];
    private static readonly string[] StatusColumns = ["CHECKPOINT", "STATUS", "PASSED", "NODES"];
    private static readonly string[] ApprovalColumns = ["APPROVAL", "STATE", "REQUESTED BY", "APPROVED BY", "EXPIRES"];
    private static readonly string[] ExecutionColumns = ["EXECUTION", "CHECKPOINT", "STATUS", "STARTED BY", "STARTED", "ERROR"];
    private static readonly string[] AuditColumns = ["NUMBER", "AT", "ACTOR", "ACTION", "SUBJECT", "HASH"];

    public static Command Create(CommandContext context)
    {
        var options = new RolloutOptions(context);
        var list = new Option<bool>("--list-checkpoints") { Description = "List the checkpoints in their order." };
        var checkpoint = new Option<string?>("--checkpoint", "-c") { Description = "Run this checkpoint only.", HelpName = "NAME" };
        var all = new Option<bool>("--deploy") { Description = "Run all checkpoints in their order." };
        var from = new Option<string?>("--start-from") { Description = "With --deploy: begin with this checkpoint.", HelpName = "NAME" };
        var auto = new Option<bool>("--auto-approve") { Description = "Approve every plan as it comes. Asks once whether you mean it." };
        var deploy = new Command("deploy", "Set up a cluster on machines of your own, checkpoint by checkpoint, with approvals.")
        {
            list, checkpoint, all, from, auto,
            CreatePlan(context, options),
            CreateApprovals(context, options),
            CreateDecision(context, options, "approve", "Approve a plan."),
            CreateDecision(context, options, "deny", "Say no to a plan; its run ends."),
            CreateDecision(context, options, "revoke", "Take back an approval that no run has used."),
            CreateStatus(context, options),
            CreateExecutions(context, options),
            CreateStop(context, options),
            CreateResume(context, options),
            CreateReset(context, options),
            CreateAudit(context, options),
        };
        options.AddTo(deploy);
        deploy.SetAction(async (parsed, _) =>
        {
            if (parsed.GetValue(list))
            {
                List(context.Json(parsed));
                return 0;
            }

            if (parsed.GetValue(checkpoint) is { } name)
            {
                var one = Known(name);
                using var session = options.Open(parsed);
                return await new RolloutRun(session, parsed.GetValue(auto), context).CheckpointAsync(one);
            }

            if (!parsed.GetValue(all))
            {
                return new HelpAction().Invoke(parsed);
            }

            var first = parsed.GetValue(from) is { } start ? Known(start) : CheckpointCatalog.All[0];
            if (parsed.GetValue(auto) && !PersonAtTerminal.Confirms("Every plan is approved as it comes, destructive ones too. Go on?"))
            {
                throw new CliException("nothing was done");
            }

            using var whole = options.Open(parsed);
            return await new RolloutRun(whole, parsed.GetValue(auto), context).DeployAsync(first);
        });
        return deploy;
    }

    private static Checkpoint Known(string name) =>
        CheckpointCatalog.Find(name) ?? throw new CliException(
            $"there is no checkpoint {name}; there are {string.Join(", ", CheckpointCatalog.All.Select(known => known.Name))}");

    private static void List(bool json) => Printer.Rows(
        json,
        [
            .. CheckpointCatalog.All.Select(known =>
                new CheckpointRow(known.Number, known.Name, known.RequiresApproval, known.IsDestructive, known.Description)),
        ],
        CliJson.Default.IReadOnlyListCheckpointRow,
        CheckpointColumns,
        row =>
        [
            $"{row.Order}", row.Checkpoint, row.ApprovalRequired ? "approval" : "-", row.DestructiveOperation ? "destructive" : "-",
            row.Description,
        ]);

    private static Command CreatePlan(CommandContext context, RolloutOptions options)
    {
        var name = new Argument<string>("CHECKPOINT") { Description = "The checkpoint." };
        var request = new Option<bool>("--request") { Description = "Ask for an approval of this plan." };
        var plan = new Command("plan", "Show what a checkpoint would do, on which machines.") { name, request };
        plan.SetAction(async (parsed, _) =>
        {
            var checkpoint = Known(parsed.GetValue(name)!);
            using var session = options.Open(parsed);
            var found = await session.Planner.PlanAsync(checkpoint, context.Asked);
            var asked = parsed.GetValue(request)
                ? await session.Desk.RequestAsync(checkpoint, found, session.User, context.Asked)
                : null;
            if (context.Json(parsed))
            {
                var row = new PlanRow(checkpoint.Name, found.Hash, found.Targets)
                {
                    ImpactSummary = [.. checkpoint.ImpactShown],
                    Changes = found.Changes,
                    ApprovalId = asked?.Id,
                };
                Printer.Json(row, CliJson.Default.PlanRow);
                return 0;
            }

            PersonAtTerminal.Show(checkpoint, found);
            StandardStreams.WriteOutputLine(asked is null ? found.Hash : asked.Id.ToString());
            return 0;
        });
        return plan;
    }

    private static Command CreateApprovals(CommandContext context, RolloutOptions options)
    {
        var approvals = new Command("approvals", "List the requests for approvals, the newest first.");
        approvals.SetAction(async (parsed, _) =>
        {
            using var session = options.Open(parsed);
            var now = context.Time.GetUtcNow();
            var rows = (await session.Store.ApprovalsAsync(context.Asked)).Select(found =>
                new ApprovalRow(
                    found.Id, found.StateAt(now).ToString().ToLowerInvariant(), found.PlanHash, found.RequestedBy, found.ExpiresAt)
                {
                    ApprovedBy = [.. found.Consents.Select(consent => consent.By)],
                });
            Printer.Rows(
                context.Json(parsed), [.. rows], CliJson.Default.IReadOnlyListApprovalRow, ApprovalColumns, row =>
                [
                    row.ApprovalId.ToString(), row.State, row.RequestedBy, string.Join(' ', row.ApprovedBy), Times.Rfc3339(row.ExpiresAt),
                ]);
            return 0;
        });
        return approvals;
    }

    private static Command CreateDecision(CommandContext context, RolloutOptions options, string verb, string description)
    {
        var id = new Argument<Guid>("APPROVAL") { Description = "The request's id, as approvals prints it." };
        var reason = new Option<string>("--reason") { Description = "Why.", Required = true, HelpName = "TEXT" };
        var acknowledge = new Option<bool>("--acknowledge-risks") { Description = "You know that the plan destroys something." };
        var decide = new Command(verb, description) { id, reason };
        if (verb is "approve")
        {
            decide.Add(acknowledge);
        }

        decide.SetAction(async (parsed, _) =>
        {
            using var session = options.Open(parsed);
            var (subject, why) = (parsed.GetValue(id), parsed.GetValue(reason)!);
            var outcome = verb switch
            {
                "approve" => await session.Desk.ApproveAsync(
                    subject, session.User, why, parsed.GetValue(acknowledge), context.Asked),
                "deny" => await session.Desk.DenyAsync(subject, session.User, why, context.Asked),
                _ => await session.Desk.RevokeAsync(subject, session.User, why, context.Asked),
            };
            if (!outcome.TryGet(out var next, out var refusal))
            {
                throw new CliException(RefusalText.Of(refusal));
            }

            var state = next.StateAt(context.Time.GetUtcNow());
            context.Done(
                parsed, new Done(state.ToString().ToLowerInvariant()) { Approval = subject },
                state is ApprovalState.Requested ? $"{next.Consents.Length} of {next.Needed} approved {subject}" : $"{state}: {subject}");
            return 0;
        });
        return decide;
    }

    private static Command CreateStatus(CommandContext context, RolloutOptions options)
    {
        var status = new Command("status", "Show what the last run of each checkpoint came to.");
        status.SetAction(async (parsed, _) =>
        {
            using var session = options.Open(parsed);
            var records = (await session.Store.RecordsAsync(context.Asked)).ToLookup(record => record.Checkpoint);
            var running = (await session.Store.ExecutionsAsync(int.MaxValue, context.Asked))
                .Where(execution => execution.IsActive).Select(execution => execution.Checkpoint).ToHashSet();
            var rows = CheckpointCatalog.All.Select(checkpoint => StatusOf(
                checkpoint.Name, [.. records[checkpoint.Name]], running.Contains(checkpoint.Name)));
            Printer.Rows(
                context.Json(parsed), [.. rows], CliJson.Default.IReadOnlyListCheckpointStatusRow, StatusColumns, row =>
                [
                    row.Checkpoint, row.Status, $"{row.PassedNodes}/{row.TotalNodes}",
                    string.Join(' ', row.Nodes.Select(node => $"{node.Key}={node.Value}")),
                ]);
            return 0;
        });
        return status;
    }

    private static CheckpointStatusRow StatusOf(string checkpoint, IReadOnlyList<CheckpointRecord> records, bool isRunning)
    {
        var status = isRunning ? RecordStatus.InProgress
            : records.Count == 0 ? RecordStatus.NotFound
            : records.Any(record => record.Status is RecordStatus.Failed) ? RecordStatus.Failed
            : records.All(record => record.Status is RecordStatus.Skipped) ? RecordStatus.Skipped
            : RecordStatus.Passed;
        return new CheckpointStatusRow(
            checkpoint, StateFolder.Word(status), records.Count(record => record.Status is RecordStatus.Passed), records.Count)
        {
            Nodes = records.ToDictionary(record => record.Node, record => StateFolder.Word(record.Status)),
        };
    }

    private static Command CreateExecutions(CommandContext context, RolloutOptions options)
    {
        var id = new Argument<Guid?>("EXECUTION") { Description = "Print what this run printed.", Arity = ArgumentArity.ZeroOrOne };
        var executions = new Command("executions", "List the runs, the newest first, or print one's output.") { id };
        executions.SetAction(async (parsed, _) =>
        {
            using var session = options.Open(parsed);
            if (parsed.GetValue(id) is { } execution)
            {
                foreach (var line in await session.Store.OutputAsync(execution, after: 0, int.MaxValue, context.Asked))
                {
                    StandardStreams.WriteOutputLine(line.Text);
                }

                return 0;
            }

            var rows = (await session.Store.ExecutionsAsync(100, context.Asked)).Select(found =>
                new ExecutionRow(found.Id, found.Checkpoint, found.State.ToString().ToUpperInvariant(), found.StartedBy, found.StartedAt)
                {
                    EndedAt = found.EndedAt,
                    Error = found.Error,
                });
            Printer.Rows(
                context.Json(parsed), [.. rows], CliJson.Default.IReadOnlyListExecutionRow, ExecutionColumns, row =>
                [
                    row.ExecutionId.ToString(), row.Checkpoint, row.Status, row.StartedBy, Times.Rfc3339(row.StartedAt), row.Error ?? "-",
                ]);
            return 0;
        });
        return executions;
    }

    private static Command CreateStop(CommandContext context, RolloutOptions options)
    {
        var id = new Argument<Guid>("EXECUTION") { Description = "The run's id, as executions prints it." };
        var stop = new Command("stop", "End a run and all of its processes.") { id };
        stop.SetAction(async (parsed, _) =>
        {
            using var session = options.Open(parsed);
            var execution = parsed.GetValue(id);
            if (!await session.Runner.StopAsync(execution, session.User, context.Asked))
            {
                throw new CliException($"no run {execution} is under way");
            }

            context.Done(parsed, new Done("stopped") { Execution = execution }, $"stopped {execution}");
            return 0;
        });
        return stop;
    }

    private static Command CreateResume(CommandContext context, RolloutOptions options)
    {
        var resume = new Command("resume", "Follow runs whose command was killed to their end, or find out what became of them.");
        resume.SetAction(async (parsed, _) =>
        {
            using var session = options.Open(parsed);
            await session.Runner.ResumeAsync(context.Asked);
            return 0;
        });
        return resume;
    }

    private static Command CreateReset(CommandContext context, RolloutOptions options)
    {
        var reset = new Command("reset", "Forget the records and the approvals that no run has used; runs and the audit log stay.");
        reset.SetAction(async (parsed, _) =>
        {
            using var session = options.Open(parsed);
            await session.Store.ResetAsync(new AuditEvent(context.Time.GetUtcNow(), session.User, "state.reset", "all"), context.Asked);
            session.State.Clear();
            context.Done(parsed, new Done("reset"), "reset");
            return 0;
        });
        return reset;
    }

    private static Command CreateAudit(CommandContext context, RolloutOptions options)
    {
        var audit = new Command("audit", "List who did what and why, the oldest first.");
        audit.SetAction(async (parsed, _) =>
        {
            using var session = options.Open(parsed);
            var rows = (await session.Store.AuditAsync(after: 0, int.MaxValue, context.Asked)).Select(entry =>
                new AuditRow(entry.Number, entry.At, entry.Actor, entry.Action, entry.Subject, entry.Detail, entry.Hash));
            Printer.Rows(
                context.Json(parsed), [.. rows], CliJson.Default.IReadOnlyListAuditRow, AuditColumns, row =>
                    [$"{row.Number}", Times.Rfc3339(row.At), row.Actor, row.Action, row.Subject, row.Hash]);
            return 0;
        });
        var last = new Option<string?>("--last")
        {
            Description = "The newest entry's hash as you noted it: without it, entries taken off the end are not noticed.",
            HelpName = "HASH",
        };
        var verify = new Command("verify", "Find an entry that was changed or taken out.") { last };
        verify.SetAction(async (parsed, _) =>
        {
            using var session = options.Open(parsed);
            var entries = await session.Store.AuditAsync(after: 0, int.MaxValue, context.Asked);
            if (AuditChain.Verify(entries, parsed.GetValue(last)) is { } problem)
            {
                throw new CliException(problem);
            }

            var newest = entries.Count > 0 ? entries[^1].Hash : AuditChain.Start;
            context.Done(parsed, new Done("verified"), $"{entries.Count} entries, the newest {newest}");
            return 0;
        });
        audit.Add(verify);
        return audit;
    }
}
