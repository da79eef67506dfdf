using System.CommandLine;
using Sandbox.Cli.Output;
using Sandbox.Rollout.Audit;

namespace Sandbox.Cli.Commands;

/// <summary><c>deploy audit</c> and <c>audit verify</c>.</summary>
internal static class AuditCommand
{
    private static readonly string[] Columns = ["NUMBER", "AT", "ACTOR", "ACTION", "SUBJECT", "HASH"];

    public static Command Create(CommandContext context, RolloutOptions options)
    {
        var audit = new Command("audit", "List who did what and why, the oldest first.");
        options.SetAction(audit, async (parsed, session) =>
        {
            var rows = (await session.Store.AuditAsync(after: 0, int.MaxValue, context.Asked)).Select(entry =>
                new AuditRow(entry.Number, entry.At, entry.Actor, entry.Action, entry.Subject, entry.Detail, entry.Hash));
            Print(context.Json(parsed), [.. rows]);
        });
        var last = new Option<string?>("--last")
        {
            Description = "The newest entry's hash as you noted it: without it, entries taken off the end are not noticed.",
            HelpName = "HASH",
        };
        var verify = new Command("verify", "Find an entry that was changed or taken out.") { last };
        options.SetAction(verify, async (parsed, session) =>
        {
            var entries = await session.Store.AuditAsync(after: 0, int.MaxValue, context.Asked);
            if (AuditChain.Verify(entries, parsed.GetValue(last)) is { } problem)
            {
                throw new CliException(problem);
            }

            var newest = entries.Count > 0 ? entries[^1].Hash : AuditChain.Start;
            context.Done(parsed, new Done("verified"), $"{entries.Count} entries, the newest {newest}");
        });
        audit.Add(verify);
        return audit;
    }

    public static void Print(bool json, IReadOnlyList<AuditRow> rows) => Printer.Rows(
        json, rows, CliJson.Default.IReadOnlyListAuditRow, Columns, row =>
            [$"{row.Number}", Times.Rfc3339(row.At), row.Actor, row.Action, row.Subject, row.Hash]);
}
