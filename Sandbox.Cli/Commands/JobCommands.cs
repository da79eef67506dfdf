using System.CommandLine;
using Sandbox.Cli.Output;

namespace Sandbox.Cli.Commands;

/// <summary><c>jobs dead</c> and <c>jobs redrive</c>: what was given up.</summary>
internal static class JobCommands
{
    private static readonly string[] Columns = ["ID", "SANDBOX", "JOB", "ATTEMPTS", "AT", "REASON"];

    public static Command Create(CommandContext context) =>
        new("jobs", "Jobs that were given up.") { CreateDead(context), CreateRedrive(context) };

    private static Command CreateDead(CommandContext context)
    {
        var limit = new Option<int>("--limit") { Description = "At most so many, newest first.", DefaultValueFactory = _ => 100 };
        var dead = new Command("dead", "List the dead letters: jobs that failed too often.") { limit };
        dead.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var now = context.Time.GetUtcNow();
            Printer.Rows(
                context.Json(parsed), await client.DeadLettersAsync(parsed.GetValue(limit), context.Asked),
                CliJson.Default.IReadOnlyListDeadLetterResult,
                Columns, row =>
                    [$"{row.Id}", row.SandboxId, row.Job ?? "-", $"{row.Attempts}", Times.Shown(row.At, now, none: "-"), row.Reason]);
            return 0;
        }));
        return dead;
    }

    private static Command CreateRedrive(CommandContext context)
    {
        var id = new Argument<long>("ID") { Description = "The dead letter, as jobs dead prints it." };
        var redrive = new Command("redrive", "Make a dead letter a job again.") { id };
        redrive.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var letter = parsed.GetValue(id);
            await client.RedriveAsync(letter, context.Asked);
            context.Done(parsed, new Done("redriven") { DeadLetter = letter }, $"redriven {letter}");
            return 0;
        }));
        return redrive;
    }
}
