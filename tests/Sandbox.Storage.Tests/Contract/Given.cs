using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Storage.Encryption;

namespace Sandbox.Storage.Tests.Contract;

/// <summary>Records as tests need them.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Now = new(2026, 5, 4, 3, 2, 1, TimeSpan.Zero);

    public static RecordEncryption Encryption { get; } = EncryptionUnder("a secret");

    public static FieldCipher Cipher { get; } = new([Encoding.UTF8.GetBytes("a secret")]);

    public static SandboxSpec Spec { get; } = new()
    {
        Deployment = DeploymentKind.Docker,
        Image = "busybox",
        MemoryBytes = 1L << 30,
        Cpus = 2,
        StartupTimeout = TimeSpan.FromMinutes(10),
        IdleTimeout = TimeSpan.FromMinutes(30),
        RemoveContainer = false,
        Env = new Dictionary<string, string> { ["A"] = "1" },
    };

    /// <param name="secrets">The present one, then the former ones.</param>
    public static RecordEncryption EncryptionUnder(params IReadOnlyList<string> secrets) =>
        new(new FieldCipher([.. secrets.Select(Encoding.UTF8.GetBytes)]), NullLogger<RecordEncryption>.Instance);

    public static SandboxInstance Pending(string? id = null, DateTimeOffset? now = null) => new()
    {
        Id = id is null ? SandboxId.New() : SandboxId.Parse(id),
        Version = 1,
        State = SandboxState.Pending,
        Incarnation = IncarnationId.New(),
        Spec = Spec,
        CreatedAt = now ?? Now,
        TransientDeadline = (now ?? Now) + Spec.StartupTimeout,
        Phases = [.. SandboxPhase.BeforeStart],
    };

    public static StartSandboxJob StartOf(SandboxInstance record, string? password = null) => new()
    {
        SandboxId = record.Id,
        SandboxVersion = record.Version,
        Incarnation = record.Incarnation,
        RegistryPassword = password,
    };

    public static StopSandboxJob StopOf(SandboxInstance record) => new()
    {
        SandboxId = record.Id,
        SandboxVersion = record.Version,
        Incarnation = record.Incarnation,
    };

    public static SandboxInstance Apply(this SandboxInstance record, SandboxEvent happened)
    {
        Assert.True(record.Apply(happened, Now).TryGet(out var next, out var error), error?.Text);
        return next;
    }
}
