using Sandbox.Chaos.Facts;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Chaos.Checks;

internal sealed class CountsAgree : ICheck
{
    public string Promise => "kept counts are those of the records";

    public void Look(Evidence evidence, Findings findings)
    {
        var counted = evidence.Records.Where(record => record.State is not SandboxState.Deleted)
            .CountBy(record => (record.Tenant, State: record.State.Name())).ToDictionary(count => count.Key, count => (long)count.Value);
        foreach (var key in counted.Keys.Union(evidence.Counts.Keys))
        {
            var (kept, real) = (evidence.Counts.GetValueOrDefault(key), counted.GetValueOrDefault(key));
            findings.Expect(kept == real, () => $"{key.State} of tenant {key.Tenant}: {kept} are counted, {real} are there");
        }
    }
}
