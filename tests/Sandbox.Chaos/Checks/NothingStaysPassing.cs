using Sandbox.Chaos.Facts;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Chaos.Checks;

internal sealed class NothingStaysPassing : ICheck
{
    // A scan comes every 5 s, and a job may pause for 10 s between two attempts.
    private static readonly TimeSpan ScanTime = TimeSpan.FromSeconds(15);

    public string Promise => "nothing is in a transient state beyond its deadline or without a job, and no job is stuck";

    public void Look(Evidence evidence, Findings findings)
    {
        var working = evidence.Jobs.Select(job => job.SandboxId).ToHashSet();
        foreach (var record in evidence.Records)
        {
            var transient = record.State is SandboxState.Pending or SandboxState.Archiving;
            findings.Expect(
                !transient || record.TransientDeadline is { } deadline && deadline + ScanTime > evidence.At,
                () => $"{record.Id} is {record.State} beyond its deadline {record.TransientDeadline:HH:mm:ss}, at {evidence.At:HH:mm:ss}");
            findings.Expect(
                !transient || working.Contains(record.Id), () => $"{record.Id} is {record.State}, and no job will ever move it on");
        }

        var records = evidence.Records.ToDictionary(record => record.Id);
        foreach (var job in evidence.Jobs)
        {
            findings.Expect(
                records.GetValueOrDefault(job.SandboxId) is { State: SandboxState.Pending or SandboxState.Archiving },
                () => $"{job} is still in the queue, and its sandbox is in no transient state");
        }

        foreach (var letter in evidence.DeadLetters)
        {
            findings.Expect(
                !records.TryGetValue(letter.SandboxId, out var record) || record.Version != letter.Version
                    || record.State is not (SandboxState.Pending or SandboxState.Archiving),
                () => $"{letter} left its sandbox in a transient state");
        }
    }
}
