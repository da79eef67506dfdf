using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Cli.Rollouts;
using Sandbox.Cli.Terminals;
using Sandbox.Contracts.Rollouts;
using Sandbox.Rollout.Ansible;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Deployments;

namespace Sandbox.Cli.Commands;

/// <summary><c>deploy history</c> and <c>deploy rollback</c>.</summary>
internal static class HistoryCommands
{
    private static readonly string[] Columns = ["DEPLOYMENT", "STATUS", "STARTED BY", "STARTED", "CHECKPOINTS", "ROLLBACK OF"];

    public static Command CreateHistory(CommandContext context, RolloutOptions options)
    {
        var state = new Option<DeploymentState?>("--status") { Description = "Only those of this status.", HelpName = "STATUS" };
        var by = new Option<string?>("--started-by") { Description = "Only those of this person.", HelpName = "NAME" };
        var since = new Option<string?>("--since") { Description = WhenText.Ago, HelpName = "WHEN" };
        var until = new Option<string?>("--until") { Description = WhenText.Ago, HelpName = "WHEN" };
        var whole = new Option<bool>("--whole") { Description = "Only whole rollouts." };
        var limit = new Option<int>("--limit") { Description = "Rows of a page, at most 200.", DefaultValueFactory = _ => 50 };
        var after = new Option<string?>("--after") { Description = "The next page, as the one before names it.", HelpName = "CURSOR" };
        var history = new Command("history", "List whole rollouts and what schedules began, the newest first.")
        {
            state, by, since, until, whole, limit, after,
        };
        options.SetAction(history, async (parsed, session) =>
        {
            using var automation = session.Automate();
            var page = await automation.Records.PageAsync(
                new DeploymentFilter
                {
                    State = parsed.GetValue(state),
                    StartedBy = parsed.GetValue(by),
                    Since = WhenText.Past("--since", parsed.GetValue(since), context.Time),
                    Until = WhenText.Past("--until", parsed.GetValue(until), context.Time),
                    IsWhole = parsed.GetValue(whole) ? true : null,
                    Limit = Math.Clamp(parsed.GetValue(limit), 1, DeploymentFilter.MostOfAPage),
                    After = parsed.GetValue(after) is { } text
                        ? DeploymentCursor.Parse(text) ?? throw new CliException($"--after: '{text}' names no page", ExitCodes.Usage)
                        : null,
                },
                context.Asked);
            Print(page, context.Json(parsed));
        });
        return history;
    }

    public static Command CreateRollback(CommandContext context, RolloutOptions options)
    {
        var id = new Argument<Guid?>("DEPLOYMENT")
        {
            Description = "The complete rollout to go back to; default: the last one before the newest rollout.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var from = new Option<string?>("--start-from") { Description = "Begin with this checkpoint.", HelpName = "NAME" };
        var auto = new Option<bool>("--auto-approve") { Description = "Approve every plan as it comes. Asks once whether you mean it." };
        var force = new Option<bool>("--force") { Description = "Run although earlier checkpoints have not passed." };
        var rollback = new Command(
            "rollback", "Run the playbooks and the inventory of an earlier rollout again, with its plans and approvals.")
        {
            id, from, auto, force,
        };
        rollback.SetAction(async (parsed, _) =>
        {
            var first = parsed.GetValue(from) is { } start ? DeployCommand.Known(start) : CheckpointCatalog.All[0];
            var (begun, kept) = await FindAsync(context, options, parsed, parsed.GetValue(id), first);
            StandardStreams.WriteErrorLine(
                $"Going back to rollout {begun.RollbackOf}: what it removed stays removed, and what later ones added stays.");
            await options.WithSessionAsync(parsed, kept, session => RecordAsync(
                session, begun with { StartedBy = session.User, IsAttended = true }, context,
                () => new RolloutRun(session, context)
                {
                    IsAutoApproved = parsed.GetValue(auto),
                    IsForced = parsed.GetValue(force),
                }.DeployAsync(first)));
            return 0;
        });
        return rollback;
    }

    /// <summary>Has a command run a whole rollout, and keeps it in the history.</summary>
    public static Task RecordAsync(RolloutSession session, Checkpoint first, CommandContext context, Func<Task> run) => RecordAsync(
        session,
        new Deployment(Guid.NewGuid(), session.User, context.Time.GetUtcNow())
        {
            Steps = Deployment.WholeFrom(first),
            IsAttended = true,
        },
        context, run);

    private static async Task RecordAsync(RolloutSession session, Deployment begun, CommandContext context, Func<Task> run)
    {
        using var automation = session.Automate();
        begun = await automation.History.BeginAsync(begun, context.Asked);
        try
        {
            await run();
            await automation.History.EndAsync(begun, error: null, CancellationToken.None);
        }
        catch (Exception exception)
        {
            await automation.History.EndAsync(
                begun, exception is OperationCanceledException ? "it was stopped" : exception.Message, CancellationToken.None);
            throw;
        }
    }

    private static async Task<(Deployment Begun, AnsibleSettings Kept)> FindAsync(
        CommandContext context, RolloutOptions options, ParseResult parsed, Guid? id, Checkpoint first)
    {
        (Deployment, AnsibleSettings)? found = null;
        await options.WithSessionAsync(parsed, async session =>
        {
            using var automation = session.Automate();
            var target = id is { } named
                ? await automation.Records.FindAsync(named, context.Asked) ?? throw new CliException($"there is no rollout {named}")
                : await automation.Rollbacks.TargetAsync(context.Asked)
                    ?? throw new CliException("there is no complete rollout to go back to; see sandbox deploy history");
            if (target is not { State: DeploymentState.Completed, IsWhole: true, Bundle: { } bundle })
            {
                throw new CliException($"the rollout {target.Id} was not complete, or its files were not kept");
            }

            found = (automation.Rollbacks.Of(target, first, session.User), automation.Bundles.Open(bundle, session.Planner.Settings));
        });
        return found!.Value;
    }

    private static void Print(DeploymentPage page, bool json)
    {
        var rows = page.Items.Select(DeploymentMessages.Of).ToList();
        if (json)
        {
            Printer.Json(new DeploymentPageResult(rows, page.Next?.ToString()), CliJson.Default.DeploymentPageResult);
            return;
        }

        Printer.Lines(Columns,
        [
            .. rows.Select(row => (IReadOnlyList<string>)
            [
                row.DeploymentId.ToString(), row.Status, row.StartedBy, Times.Rfc3339(row.StartedAt),
                string.Join(' ', row.Checkpoints.Select(step => $"{step.Checkpoint}={step.Status}")), row.RollbackOf?.ToString() ?? "-",
            ]),
        ]);
        if (page.Next is { } next)
        {
            StandardStreams.WriteErrorLine($"sandbox: there are more: --after {next}");
        }
    }
}
