using Sandbox.Chaos.Facts;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Chaos.Checks;

internal sealed class ContainersMatch : ICheck
{
    public string Promise => "each running record has one container, where it says, and no other record has one";

    public void Look(Evidence evidence, Findings findings)
    {
        var records = evidence.Records.ToDictionary(record => record.Id);
        foreach (var same in evidence.Containers.GroupBy(container => container.Incarnation))
        {
            findings.Expect(same.Count() == 1, () => $"incarnation {same.Key} has {same.Count()} containers: {string.Join(", ", same)}");
        }

        foreach (var container in evidence.Containers)
        {
            var record = records.GetValueOrDefault(container.SandboxId);
            findings.Expect(
                record is not null and not { State: SandboxState.Deleted } && record.Incarnation == container.Incarnation,
                () => $"orphan: {container}; the record is {record?.ToString() ?? "missing"}");
            findings.Expect(
                record is null || record.HostName is null || record.HostName == container.Node,
                () => $"{container} is not on the node of its record, {record!.HostName}");
            findings.Expect(
                record is not { State: SandboxState.Stopped } || !container.Running, () => $"{container} runs, and its record is stopped");
        }

        var running = evidence.Containers.Where(container => container.Running).Select(container => container.Incarnation).ToHashSet();
        foreach (var record in evidence.Records.Where(record => record.State is SandboxState.Running))
        {
            findings.Expect(
                running.Contains(record.Incarnation), () => $"{record.Id} is running by its record, and no container of it runs");
        }

        var kept = evidence.Containers.Select(container => container.Incarnation).ToHashSet();
        foreach (var record in evidence.Records.Where(record => record.State is SandboxState.Stopped && HasRun(record)))
        {
            // Whatever the record says of it: no fault removes containers, so one of our processes removed this one.
            findings.Expect(
                kept.Contains(record.Incarnation), () =>
                    $"{record.Id} is stopped ({record.Reason}), and its files are gone with its container");
        }
    }

    private static bool HasRun(RecordFact record) => record.History.Any(change => change.To is SandboxState.Running);
}
