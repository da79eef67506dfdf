using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Rollouts;
using Sandbox.Cli.Terminals;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Checkpoints;

namespace Sandbox.Cli.Commands;

/// <summary><c>deploy plan</c>, <c>approvals</c>, <c>approve</c>, <c>deny</c> and <c>revoke</c>.</summary>
internal static class ApprovalCommands
{
    private static readonly string[] Columns = ["APPROVAL", "STATE", "CHECKPOINTS", "REQUESTED BY", "APPROVED BY", "EXPIRES"];

    public static Command CreatePlan(CommandContext context, RolloutOptions options)
    {
        var name = new Argument<string?>("CHECKPOINT")
        {
            Description = "The checkpoint; without it: all of them as one plan.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var from = new Option<string?>("--start-from") { Description = "Without CHECKPOINT: begin with this one.", HelpName = "NAME" };
        var request = new Option<bool>("--request") { Description = "Ask for an approval of this plan." };
        var plan = new Command("plan", "Show what a checkpoint or a whole rollout would do, on which machines.") { name, from, request };
        plan.SetAction(async (parsed, _) =>
        {
            // A name that is none touches no path.
            var one = parsed.GetValue(name) is { } named ? DeployCommand.Known(named) : null;
            var first = parsed.GetValue(from) is { } start ? DeployCommand.Known(start) : CheckpointCatalog.All[0];
            IReadOnlyList<Checkpoint> checkpoints = one is null ? CheckpointCatalog.All[(first.Number - 1)..] : [one];
            await options.WithSessionAsync(
                parsed, session => ShowAsync(session, checkpoints, parsed.GetValue(request), context.Json(parsed), context.Asked));
            return 0;
        });
        return plan;
    }

    public static Command CreateApprovals(CommandContext context, RolloutOptions options)
    {
        var approvals = new Command("approvals", "List the requests for approvals, the newest first.");
        options.SetAction(approvals, async (parsed, session) =>
        {
            var now = context.Time.GetUtcNow();
            var rows = (await session.Store.ApprovalsAsync(context.Asked)).Select(found =>
                new ApprovalRow(
                    found.Id, found.StateAt(now).ToString().ToLowerInvariant(), found.PlanHash, found.RequestedBy, found.ExpiresAt)
                {
                    Checkpoints = found.Checkpoints,
                    ApprovedBy = [.. found.Consents.Select(consent => consent.By)],
                });
            Print(context.Json(parsed), [.. rows]);
        });
        return approvals;
    }

    public static void Print(bool json, IReadOnlyList<ApprovalRow> rows) => Printer.Rows(
        json, rows, CliJson.Default.IReadOnlyListApprovalRow, Columns, row =>
        [
            row.ApprovalId.ToString(), row.State, string.Join(' ', row.Checkpoints), row.RequestedBy, string.Join(' ', row.ApprovedBy),
            Times.Rfc3339(row.ExpiresAt),
        ]);

    public static Command CreateDecision(CommandContext context, RolloutOptions options, string verb, string description)
    {
        var id = new Argument<Guid>("APPROVAL") { Description = "The request's id, as approvals prints it." };
        var reason = new Option<string>("--reason") { Description = "Why.", Required = true, HelpName = "TEXT" };
        var acknowledge = new Option<bool>("--acknowledge-risks") { Description = "You know that the plan destroys something." };
        var decide = new Command(verb, description) { id, reason };
        if (verb is "approve")
        {
            decide.Add(acknowledge);
        }

        options.SetAction(decide, async (parsed, session) =>
        {
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
        });
        return decide;
    }

    private static async Task ShowAsync(
        RolloutSession session, IReadOnlyList<Checkpoint> checkpoints, bool isRequested, bool json, CancellationToken cancellationToken)
    {
        var plan = await session.Planner.PlanAsync(checkpoints, cancellationToken);
        var asked = isRequested ? await session.Desk.RequestAsync(plan, session.User, cancellationToken) : null;
        if (!json)
        {
            PersonAtTerminal.Show(plan);
            StandardStreams.WriteOutputLine(asked is null ? plan.Hash : asked.Id.ToString());
            return;
        }

        var row = new PlanRow(plan.Checkpoints, plan.Hash, plan.Targets)
        {
            Checkpoint = checkpoints is [var only] ? only.Name : null,
            ImpactSummary = [.. checkpoints.SelectMany(checkpoint => checkpoint.ImpactShown)],
            Changes = plan.Changes,
            ApprovalId = asked?.Id,
        };
        Printer.Json(row, CliJson.Default.PlanRow);
    }
}
