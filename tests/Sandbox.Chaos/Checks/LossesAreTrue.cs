using System.Globalization;
using System.Text.RegularExpressions;
using Sandbox.Chaos.Facts;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Chaos.Checks;

/// <summary>A sandbox is lost because its node was silent: then nothing on that node answered while it was.</summary>
internal sealed partial class LossesAreTrue : ICheck
{
    // A node acts for two thirds of its lease of 10 s after its last heartbeat; the rest is for a slow machine.
    private static readonly TimeSpan MayStillAct = TimeSpan.FromSeconds(10);

    public string Promise => "what is lost because its node was silent did not answer meanwhile";

    public void Look(Evidence evidence, Findings findings)
    {
        // What was restarted since answers again, and is not looked at.
        foreach (var record in evidence.Records)
        {
            if (record.History is not [.., { On: SandboxEvent.Lost } lost]
                || SilenceIn(record.Reason) is not { } silence)
            {
                continue;
            }

            var answered = evidence.Of(record.Id).FirstOrDefault(
                one => one.IsMarking && one.IsDone && one.Begin > lost.At - silence + MayStillAct && one.End < lost.At);
            findings.Expect(
                answered is null, () => $"{record.Id} was lost at {lost.At:HH:mm:ss.fff} ({record.Reason}), and yet {answered}");
        }
    }

    private static TimeSpan? SilenceIn(string? reason) =>
        reason is not null && Silent().Match(reason) is { Success: true } match
            ? TimeSpan.FromSeconds(double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture))
            : null;

    [GeneratedRegex(@"is gone, silent for (\d+) s")]
    private static partial Regex Silent();
}
