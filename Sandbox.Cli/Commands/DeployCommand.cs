using System.CommandLine;
using System.CommandLine.Help;
using Sandbox.Cli.Output;
using Sandbox.Cli.Rollouts;
using Sandbox.Rollout.Checkpoints;

namespace Sandbox.Cli.Commands;

/// <summary><c>deploy</c>: a cluster on machines of one's own, checkpoint by checkpoint, with people's consents.</summary>
internal static class DeployCommand
{
    public const string AutoApproveQuestion = "Every plan is approved as it comes, destructive ones too. Go on?";

    private static readonly string[] CheckpointColumns = ["ORDER", "CHECKPOINT", "APPROVAL", "DESTRUCTIVE", "DESCRIPTION"];

    public static Command Create(CommandContext context)
    {
        var options = new RolloutOptions(context);
        var list = new Option<bool>("--list-checkpoints") { Description = "List the checkpoints in their order." };
        var checkpoint = new Option<string?>("--checkpoint", "-c") { Description = "Run this checkpoint only.", HelpName = "NAME" };
        var all = new Option<bool>("--deploy") { Description = "Run all checkpoints in their order." };
        var from = new Option<string?>("--start-from") { Description = "With --deploy: begin with this checkpoint.", HelpName = "NAME" };
        var auto = new Option<bool>("--auto-approve") { Description = "Approve every plan as it comes. Asks once whether you mean it." };
        var force = new Option<bool>("--force") { Description = "Run although earlier checkpoints have not passed." };
        var deploy = new Command("deploy", "Set up a cluster on machines of your own, checkpoint by checkpoint, with approvals.")
        {
            list, checkpoint, all, from, auto, force,
            ApprovalCommands.CreatePlan(context, options),
            ApprovalCommands.CreateApprovals(context, options),
            ApprovalCommands.CreateDecision(context, options, "approve", "Approve a plan."),
            ApprovalCommands.CreateDecision(context, options, "deny", "Say no to a plan; its run ends."),
            ApprovalCommands.CreateDecision(context, options, "revoke", "Take back an approval that no run has used."),
            ExecutionCommands.CreateStatus(context, options),
            ExecutionCommands.CreateExecutions(context, options),
            ExecutionCommands.CreateStop(context, options),
            ExecutionCommands.CreateResume(context, options),
            ExecutionCommands.CreateReset(context, options),
            AuditCommand.Create(context, options),
            HistoryCommands.CreateHistory(context, options),
            HistoryCommands.CreateRollback(context, options),
            BulkCommand.Create(context, options),
            ScheduleCommands.Create(context, options),
            WebhookCommands.Create(context, options),
            WorkerCommand.Create(context, options),
        };
        options.AddTo(deploy);
        deploy.SetAction(async (parsed, _) =>
        {
            if (parsed.GetValue(list) || (parsed.GetValue(checkpoint) is null && !parsed.GetValue(all)))
            {
                return ListOrHelp(parsed, context);
            }

            if (parsed.GetValue(checkpoint) is { } name)
            {
                var one = Known(name);
                await ConfirmAsync();
                await options.WithSessionAsync(parsed, session => Run(session).CheckpointAsync(one));
                return 0;
            }

            var first = parsed.GetValue(from) is { } start ? Known(start) : CheckpointCatalog.All[0];
            await ConfirmAsync();
            await options.WithSessionAsync(parsed, session =>
                HistoryCommands.RecordAsync(session, first, context, () => Run(session).DeployAsync(first)));
            return 0;

            async Task ConfirmAsync()
            {
                if (parsed.GetValue(auto) && !await PersonAtTerminal.ConfirmsAsync(AutoApproveQuestion, context.Asked))
                {
                    throw new CliException("nothing was done");
                }
            }

            RolloutRun Run(RolloutSession session) => new(session, context)
            {
                IsAutoApproved = parsed.GetValue(auto),
                IsForced = parsed.GetValue(force),
            };
        });
        new ServerRollout(context, options).Attach(deploy);
        return deploy;
    }

    /// <summary>What needs neither a server nor a state.</summary>
    public static int ListOrHelp(ParseResult parsed, CommandContext context)
    {
        if (!parsed.GetValue<bool>("--list-checkpoints"))
        {
            return new HelpAction().Invoke(parsed);
        }

        List(context.Json(parsed));
        return 0;
    }

    public static Checkpoint Known(string name) =>
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
}
