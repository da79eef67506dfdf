using System.CommandLine;
using System.Globalization;
using Sandbox.Cli.Output;
using Sandbox.Contracts.Rock;

namespace Sandbox.Cli.Commands;

/// <summary><c>inspect</c>: everything that the server tells of one sandbox.</summary>
internal static class InspectCommand
{
    private static readonly string[] Columns = ["FIELD", "VALUE"];

    public static Command Create(CommandContext context)
    {
        var id = CommandContext.IdArgument();
        var inspect = new Command("inspect", "Show all about a sandbox, whatever its state.") { id };
        inspect.SetAction((parsed, _) => context.WithServerAsync(parsed, async client =>
        {
            var status = await client.StatusAsync(parsed.GetValue(id), allStates: true, context.Asked);
            if (context.Json(parsed))
            {
                Printer.Json(status, RockJson.Default.StatusResult);
            }
            else
            {
                Printer.Lines(Columns, [.. Rows(status, context.Time.GetUtcNow())]);
            }

            return 0;
        }));
        return inspect;
    }

    private static IEnumerable<IReadOnlyList<string>> Rows(StatusResult status, DateTimeOffset now)
    {
        (string Name, string? Value)[] rows =
        [
            ("id", status.SandboxId),
            ("state", status.State),
            ("reason", status.Reason),
            ("image", status.Image),
            ("node", status.HostName),
            ("address", status.HostIp),
            ("cpus", status.Cpus?.ToString("0.##", CultureInfo.InvariantCulture)),
            ("memory", status.Memory),
            ("gpus", status.NumGpus?.ToString("0.##", CultureInfo.InvariantCulture)),
            ("accelerator", status.AcceleratorType),
            ("disk", status.Disk),
            ("disk of the log", status.DiskLimitLog),
            ("network", status.NetworkIsolation),
            ("may reach", status.Egress?.Allow is { } allowed ? NetworkCommand.Text(allowed) : null),
            ("may not reach", status.Egress?.Deny is { Count: > 0 } denied ? NetworkCommand.Text(denied) : null),
            ("user", status.UserId),
            ("experiment", status.ExperimentId),
            ("namespace", status.Namespace),
            ("created", Times.Shown(status.CreateTime, now)),
            ("started", Times.Shown(status.StartTime, now)),
            ("stopped", Times.Shown(status.StopTime, now)),
            ("archived", Times.Shown(status.ArchiveTime, now)),
            ("deleted", Times.Shown(status.DeleteTime, now)),
            ("stops", Times.Shown(status.AutoStopTime, now)),
            ("is archived", Times.Shown(status.AutoArchiveTime, now)),
            ("is deleted", Times.Shown(status.AutoDeleteTime, now)),
            .. (status.Status ?? new Dictionary<string, PhaseStatusResult>())
                .Select(phase => ($"phase {phase.Key}", (string?)$"{phase.Value.Status} {phase.Value.Message}".TrimEnd())),
            .. (status.Metadata ?? new Dictionary<string, string>()).Select(pair => ($"metadata {pair.Key}", (string?)pair.Value)),
            .. status.StateHistory.Select(change => ("history", (string?)Text(change, now))),
        ];
        return rows.Where(row => !string.IsNullOrEmpty(row.Value)).Select(IReadOnlyList<string> (row) => [row.Name, row.Value!]);
    }

    private static string Text(StateChangeResult change, DateTimeOffset now) =>
        $"{change.FromState} -> {change.ToState} ({change.Event}) {Times.Shown(change.Timestamp, now)}";
}
