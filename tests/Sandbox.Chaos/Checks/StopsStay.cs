using Sandbox.Chaos.Facts;
using Sandbox.Chaos.Histories;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Chaos.Checks;

internal sealed class StopsStay : ICheck
{
    public string Promise => "what was stopped does not run again without a restart";

    public void Look(Evidence evidence, Findings findings)
    {
        var records = evidence.Records.ToDictionary(record => record.Id);
        foreach (var stop in evidence.Operations.Where(one => one is { Kind: OperationKind.Stop, IsDone: true }))
        {
            var restarts = evidence.Of(stop.SandboxId).Where(one => IsComing(one) && one.End > stop.Begin).ToList();
            foreach (var used in evidence.Of(stop.SandboxId).Where(one => one.IsMarking && one.IsDone && one.Begin > stop.End))
            {
                findings.Expect(
                    restarts.Any(restart => restart.Begin < used.End), () => $"{used} succeeded after {stop} without a restart");
            }

            if (restarts.Count == 0 && records.TryGetValue(stop.SandboxId, out var record))
            {
                findings.Expect(
                    record.State is not (SandboxState.Running or SandboxState.Pending),
                    () => $"{stop}, no client asked for a restart, and the record is {record.State}");
            }
        }
    }

    private static bool IsComing(Operation one) => one.Kind is OperationKind.Restart or OperationKind.Create && one.IsPossible;
}
