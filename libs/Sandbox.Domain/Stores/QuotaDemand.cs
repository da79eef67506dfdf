using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Stores;

/// <summary>What a sandbox adds to what its tenant uses when it comes to live.</summary>
/// <param name="Cpus">The most that it can take.</param>
/// <param name="Gpus">Whole ones: a part of one is given to nobody else.</param>
/// <param name="DiskBytes">Null: it has no disk limit.</param>
/// <param name="IsCreate">It is new; one that comes back is among the tenant's sandboxes already.</param>
public sealed record QuotaDemand(double Cpus, long MemoryBytes, long Gpus, long? DiskBytes, bool IsCreate)
{
    public static QuotaDemand OfNew(SandboxSpec spec) => Of(spec, spec.DiskBytes, isCreate: true);

    /// <summary>Of a sandbox that is started again. The disk of a stopped one is counted while it rests; an archived one needs its disk
    /// limit again in the place of what its archive takes.</summary>
    public static QuotaDemand OfReturning(SandboxInstance resting) => Of(
        resting.Spec,
        resting is { State: SandboxState.Archived, Archive: { } archive } ? (resting.Spec.DiskBytes ?? 0) - archive.Bytes : 0,
        isCreate: false);

    public static double CpusOf(SandboxSpec spec) => spec.LimitCpus ?? spec.Cpus;

    public static long GpusOf(SandboxSpec spec) => (long)Math.Min(Math.Ceiling(spec.NumGpus ?? 0), int.MaxValue);

    private static QuotaDemand Of(SandboxSpec spec, long? disk, bool isCreate) =>
        new(CpusOf(spec), spec.MemoryBytes, GpusOf(spec), disk, isCreate);
}
