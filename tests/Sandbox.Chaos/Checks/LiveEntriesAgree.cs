using Sandbox.Chaos.Facts;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Chaos.Checks;

internal sealed class LiveEntriesAgree : ICheck
{
    public string Promise => "live entries never contradict the records";

    public void Look(Evidence evidence, Findings findings)
    {
        var records = evidence.Records.ToDictionary(record => record.Id);
        foreach (var live in evidence.Live ?? [])
        {
            var record = records.GetValueOrDefault(live.SandboxId);
            findings.Expect(record is not null, () => $"{live} is about no record");
            findings.Expect(
                record is null || live.Version <= record.Version, () => $"{live} is ahead of its record, version {record!.Version}");
            findings.Expect(
                record is null || live.Version != record.Version || live.State is null || live.State == record.State.Name(),
                () => $"{live} says {live.State} of the very version that is {record!.State.Name()}");
        }
    }
}
