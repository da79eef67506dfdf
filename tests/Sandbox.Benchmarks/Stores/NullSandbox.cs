using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;

namespace Sandbox.Benchmarks.Stores;

/// <summary>Sandboxes that are only records.</summary>
internal static class NullSandbox
{
    private static readonly SandboxSpec Spec = new()
    {
        Deployment = DeploymentKind.Docker,
        Image = "none",
        MemoryBytes = 1L << 30,
        Cpus = 1,
        StartupTimeout = TimeSpan.FromMinutes(10),
        IdleTimeout = TimeSpan.FromMinutes(30),
    };

    public static SandboxInstance New() => new()
    {
        Id = SandboxId.New(),
        Version = 1,
        State = SandboxState.Pending,
        Incarnation = IncarnationId.New(),
        Spec = Spec,
        CreatedAt = TimeProvider.System.GetUtcNow(),
        TransientDeadline = TimeProvider.System.GetUtcNow() + Spec.StartupTimeout,
        Phases = [.. SandboxPhase.BeforeStart],
    };

    public static StartSandboxJob StartOf(SandboxInstance record) =>
        new() { SandboxId = record.Id, SandboxVersion = record.Version, Incarnation = record.Incarnation };
}
