using Sandbox.Chaos.Facts;
using Sandbox.Chaos.Histories;

namespace Sandbox.Chaos.Checks;

internal sealed class CreatesAreKept : ICheck
{
    public string Promise => "an acknowledged create has a record, and no id is created twice";

    public void Look(Evidence evidence, Findings findings)
    {
        var records = evidence.Records.ToDictionary(record => record.Id);
        foreach (var creates in evidence.Operations.Where(one => one is { Kind: OperationKind.Create, IsDone: true })
            .GroupBy(one => one.SandboxId))
        {
            findings.Expect(records.ContainsKey(creates.Key), () => $"{creates.First()} has no record");
            // A deleted id is refused for a day, so no second one may succeed within a run.
            findings.Expect(
                creates.Count() == 1, () => $"{creates.Key} was acknowledged {creates.Count()} times: {string.Join(", ", creates)}");
        }

        foreach (var record in evidence.Records)
        {
            findings.Expect(
                evidence.Of(record.Id).Any(one => one is { Kind: OperationKind.Create, IsPossible: true }),
                () => $"{record.Id} has a record, and no client has asked for it");
        }
    }
}
