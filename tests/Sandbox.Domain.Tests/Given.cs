using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Tests;

/// <summary>Records as tests need them.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Now = new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);

    public static SandboxSpec Spec { get; } = new()
    {
        Deployment = DeploymentKind.Docker,
        Image = "busybox",
        MemoryBytes = 1L << 30,
        Cpus = 2,
        StartupTimeout = TimeSpan.FromMinutes(10),
        IdleTimeout = TimeSpan.FromMinutes(30),
        RemoveContainer = false,
    };

    public static SandboxInstance Sandbox(SandboxState state = SandboxState.Pending) => new()
    {
        Id = SandboxId.Parse("box"),
        Version = 7,
        State = state,
        Incarnation = IncarnationId.New(),
        Spec = Spec,
        CreatedAt = Now.AddHours(-1),
        TransientDeadline = state is SandboxState.Pending or SandboxState.Archiving ? Now.AddMinutes(10) : null,
        IdleDeadline = state is SandboxState.Running ? Now.AddMinutes(30) : null,
        StoppedAt = state is SandboxState.Stopped ? Now.AddMinutes(-1) : null,
        Phases = [.. SandboxPhase.BeforeStart],
    };

    public static SandboxInstance Apply(this SandboxInstance record, SandboxEvent happened)
    {
        Assert.True(record.Apply(happened, Now).TryGet(out var next, out var error), error?.Text);
        return next;
    }
}
