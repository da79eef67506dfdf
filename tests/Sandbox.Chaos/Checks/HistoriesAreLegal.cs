using Sandbox.Chaos.Facts;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Chaos.Checks;

internal sealed class HistoriesAreLegal : ICheck
{
    private static readonly HashSet<(SandboxState From, SandboxEvent On, SandboxState To)> Rows = [.. SandboxLifecycle.Rows()];

    public string Promise => "histories have only legal steps without gaps, and the version grows by one with each";

    public void Look(Evidence evidence, Findings findings)
    {
        foreach (var record in evidence.Records)
        {
            var state = SandboxState.Pending;
            foreach (var (change, number) in record.History.Select((change, number) => (change, number)))
            {
                findings.Expect(
                    Rows.Contains((change.From, change.On, change.To)),
                    () => $"{record.Id}: step {number + 1} is {change.From} -{change.On}-> {change.To}, which is not in the table");
                findings.Expect(
                    change.From == state || (number == 0 && record.History.Count == SandboxInstance.HistoryLimit),
                    () => $"{record.Id}: step {number + 1} begins at {change.From}, and the one before ended at {state}");
                state = change.To;
            }

            findings.Expect(state == record.State, () => $"{record.Id} is {record.State}, and its history ends at {state}");
            findings.Expect(
                record.History.Count == SandboxInstance.HistoryLimit || record.Version == record.History.Count + 1,
                () => $"{record.Id} has version {record.Version} after {record.History.Count} events; one more than events was expected");
        }
    }
}
