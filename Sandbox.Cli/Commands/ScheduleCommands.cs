using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Rollout.Schedules;

namespace Sandbox.Cli.Commands;

/// <summary><c>deploy schedule</c>: add, ls, pause, resume and rm.</summary>
internal static class ScheduleCommands
{
    private static readonly string[] Columns = ["NAME", "CRON", "TIME ZONE", "CHECKPOINT", "NEXT", "LAST", "MISSED"];

    public static Command Create(CommandContext context, RolloutOptions options) =>
        new("schedule", "Times at which a checkpoint or the whole rollout runs, where deploy worker or a server runs.")
        {
            CreateAdd(context, options), CreateLs(context, options),
            CreateChange(
                context, options, ("pause", "paused", "Let a schedule's times pass."),
                (schedules, name, by, token) => schedules.PauseAsync(name, by, token)),
            CreateChange(
                context, options, ("resume", "resumed", "Let a schedule run again, from its next time on."),
                (schedules, name, by, token) => schedules.ResumeAsync(name, by, token)),
            CreateChange(
                context, options, ("rm", "removed", "Take a schedule out; what it began goes on."),
                (schedules, name, by, token) => schedules.RemoveAsync(name, by, token)),
        };

    private static Command CreateAdd(CommandContext context, RolloutOptions options)
    {
        var name = NameArgument();
        var cron = new Option<string>("--cron") { Description = "Minute, hour, day, month, weekday: '0 3 * * 1'.", Required = true };
        var zone = new Option<string>("--time-zone")
        {
            Description = "IANA name of the zone in which that is read.",
            DefaultValueFactory = _ => "UTC",
        };
        var checkpoint = new Option<string?>("--checkpoint", "-c") { Description = "Default: the whole rollout.", HelpName = "NAME" };
        var add = new Command("add", "Add a schedule. What needs an approval waits for one each time.") { name, cron, zone, checkpoint };
        add.SetAction(async (parsed, _) =>
        {
            var one = parsed.GetValue(checkpoint) is { } named ? DeployCommand.Known(named) : null;
            await options.WithSessionAsync(parsed, session => ToldAsync(async () =>
            {
                using var automation = session.Automate();
                var added = await automation.Schedules.AddAsync(
                    parsed.GetValue(name)!, parsed.GetValue(cron)!, parsed.GetValue(zone)!, one, session.User, context.Asked);
                context.Done(
                    parsed, new Done("added") { Schedule = added.Name },
                    $"added {added.Name}, due at {Times.Rfc3339(added.NextAt!.Value)}");
            }));
            return 0;
        });
        return add;
    }

    private static Command CreateLs(CommandContext context, RolloutOptions options)
    {
        var ls = new Command("ls", "List the schedules.");
        options.SetAction(ls, async (parsed, session) =>
        {
            using var automation = session.Automate();
            var now = context.Time.GetUtcNow();
            var rows = (await automation.Schedules.ListAsync(context.Asked)).Select(found =>
                new ScheduleRow(found.Name, found.Cron, found.TimeZone, found.Checkpoint, found.IsPaused)
                {
                    NextAt = found.NextAt,
                    LastAt = found.LastAt,
                    LastDeploymentId = found.LastDeployment,
                    Missed = found.Missed,
                });
            Printer.Rows(
                context.Json(parsed), [.. rows], CliJson.Default.IReadOnlyListScheduleRow, Columns, row =>
                [
                    row.Name, row.Cron, row.TimeZone, row.Checkpoint ?? "all",
                    Times.Shown(row.NextAt, now, none: row.IsPaused ? "paused" : "never"), Times.Shown(row.LastAt, now, none: "-"),
                    $"{row.Missed}",
                ]);
        });
        return ls;
    }

    private static Command CreateChange(
        CommandContext context, RolloutOptions options, (string Verb, string Done, string Description) words,
        Func<ScheduleRegistry, string, string, CancellationToken, Task> change)
    {
        var name = NameArgument();
        var command = new Command(words.Verb, words.Description) { name };
        options.SetAction(command, (parsed, session) => ToldAsync(async () =>
        {
            using var automation = session.Automate();
            var schedule = parsed.GetValue(name)!;
            await change(automation.Schedules, schedule, session.User, context.Asked);
            context.Done(parsed, new Done(words.Done) { Schedule = schedule }, $"{words.Done} {schedule}");
        }));
        return command;
    }

    private static Argument<string> NameArgument() => new("NAME") { Description = "The schedule." };

    private static async Task ToldAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (ScheduleException exception)
        {
            throw new CliException(exception.Message);
        }
    }
}
