using Sandbox.Chaos.Facts;
using Sandbox.Chaos.Histories;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Chaos.Checks;

internal sealed class DeletesStay : ICheck
{
    public string Promise => "an acknowledged delete stays deleted";

    public void Look(Evidence evidence, Findings findings)
    {
        var records = evidence.Records.ToDictionary(record => record.Id);
        foreach (var delete in evidence.Operations.Where(one => one is { Kind: OperationKind.Delete, IsDone: true }))
        {
            // Deleting what was never written is a success as well.
            if (records.TryGetValue(delete.SandboxId, out var record) && !IsLaterCreate(evidence, delete))
            {
                findings.Expect(
                    record.State is SandboxState.Deleted, () => $"{delete}, and the record is {record.State} at version {record.Version}");
            }

            foreach (var later in evidence.Of(delete.SandboxId).Where(one => one.Begin > delete.End && one.IsDone && Revives(one)))
            {
                findings.Expect(IsLaterCreate(evidence, delete), () => $"{later} succeeded after {delete}: {later.Detail}");
            }
        }
    }

    private static bool Revives(Operation one) => one.Kind switch
    {
        OperationKind.Execute or OperationKind.Session or OperationKind.Restart => true,
        OperationKind.Status => one.Detail != SandboxState.Deleted.Name(),
        _ => false,
    };

    /// <summary>The delete found no record, and the create came behind it.</summary>
    private static bool IsLaterCreate(Evidence evidence, Operation delete) =>
        evidence.Of(delete.SandboxId).Any(one => one is { Kind: OperationKind.Create, IsPossible: true } && one.End > delete.Begin);
}
