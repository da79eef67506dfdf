using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Rollout.Records;
using Sandbox.Rollout.Status;

namespace Sandbox.Cli.Commands;

/// <summary><c>validate</c>: how far the rollout is, and how its cluster is. Needs no server.</summary>
internal static class ValidateCommand
{
    private const string Name = "validate", Format = "--format", Json = "json";

    public static Command Create(CommandContext context)
    {
        var options = new RolloutOptions(context);
        var checkpoint = new Option<string?>("--checkpoint", "-c") { Description = "Only this checkpoint.", HelpName = "NAME" };
        var health = new Option<bool>("--health-only") { Description = "Only the cluster's health." };
        var approval = new Option<string?>("--approval-check", "-a")
        {
            Description = "Only whether this checkpoint needs an approval and has one.",
            HelpName = "NAME",
        };
        var format = new Option<string>(Format, "-f")
        {
            Description = "How the answer is printed.",
            HelpName = "FORMAT",
            DefaultValueFactory = _ => Json,
        };
        format.AcceptOnlyFromAmong(Json, "text");
        var validate = new Command(Name, "Tell how far the rollout is and how its cluster is; exit code 1 when something failed.")
        {
            checkpoint, health, approval, format,
        };
        options.AddTo(validate);
        validate.SetAction(async (parsed, _) =>
        {
            var json = context.Json(parsed) || PrintsJson(parsed);

            // A name that is none touches no path.
            var asked = parsed.GetValue(approval) is { } needing ? DeployCommand.Known(needing) : null;
            var one = parsed.GetValue(checkpoint) is { } named ? DeployCommand.Known(named) : null;
            var failed = false;
            await options.WithSessionAsync(parsed, async session =>
            {
                var now = context.Time.GetUtcNow();
                if (asked is not null)
                {
                    var approvals = await session.Store.ApprovalsAsync(context.Asked);
                    ValidationPage.Print(ApprovalInfo.Of(asked, approvals, session.State.ApprovalFileOf(asked), now), json);
                    return;
                }

                var status = ClusterStatus.Of(
                    await session.Store.RecordsAsync(context.Asked), await session.Store.ActiveExecutionsAsync(context.Asked),
                    answer: null, now);
                failed = parsed.GetValue(health) ? Print(status.ClusterHealth, json)
                    : one is not null ? Print(status.CheckpointDetails[one.Name], json)
                    : Print(status, json);
            });
            return failed ? ExitCodes.Failure : 0;
        });
        return validate;
    }

    /// <summary>Whether it is this command and prints JSON, which it does where nothing else is said.</summary>
    public static bool PrintsJson(ParseResult parsed) =>
        parsed.CommandResult.Command.Name is Name && parsed.Errors.Count == 0 && parsed.GetValue<string>(Format) is Json;

    private static bool Print(ClusterHealth health, bool json)
    {
        ValidationPage.Print(health, json);
        return health.OverallStatus is HealthStatus.Failed;
    }

    private static bool Print(CheckpointStatus checkpoint, bool json)
    {
        ValidationPage.Print(checkpoint, json);
        return checkpoint.Status is RecordStatus.Failed;
    }

    private static bool Print(ClusterStatus status, bool json)
    {
        ValidationPage.Print(status, json);
        return status.DeploymentStatus is DeploymentStatus.Failed || status.ClusterHealth.OverallStatus is HealthStatus.Failed;
    }
}
