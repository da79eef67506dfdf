using System.Text.Json.Serialization;
using Sandbox.Contracts.Ids;

namespace Sandbox.Contracts.Jobs;

/// <summary>
/// One operation on one container. It names the version of the record it is about: a job whose version is no longer
/// current does nothing. Jobs about one sandbox run one after another, oldest first.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(StartSandbox), "sandbox.start.v1")]
[JsonDerivedType(typeof(RestartSandbox), "sandbox.restart.v1")]
[JsonDerivedType(typeof(StopSandbox), "sandbox.stop.v1")]
[JsonDerivedType(typeof(RemoveSandbox), "sandbox.remove.v1")]
public abstract record SandboxJob
{
    public required SandboxId SandboxId { get; init; }

    public required long SandboxVersion { get; init; }

    public required IncarnationId Incarnation { get; init; }

    /// <summary>W3C trace context of whoever asked; filled by the store when the job is written.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>Make and start the container (pending → running).</summary>
public sealed record StartSandbox : SandboxJob
{
    /// <summary>
    /// Registry credentials travel here and never in the record: the row of a job is removed when the job ends.
    /// </summary>
    public string? RegistryPassword { get; init; }

    /// <summary>Without the password: whoever prints a job into a log prints no secret.</summary>
    public override string ToString() => $"{nameof(StartSandbox)} {SandboxId} {SandboxVersion}";
}

/// <summary>Start the stopped container again, its file system kept (pending → running).</summary>
public sealed record RestartSandbox : SandboxJob;

/// <summary>End the container and keep it.</summary>
public sealed record StopSandbox : SandboxJob;

/// <summary>End the container if it runs and remove it with its anonymous volumes and its folder.</summary>
public sealed record RemoveSandbox : SandboxJob;

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SandboxJob))]
public sealed partial class JobJson : JsonSerializerContext;
