using System.Text.Json.Serialization;
using Sandbox.Contracts.Ids;

namespace Sandbox.Contracts.Jobs;

/// <summary>
/// One operation on one container. It names the version of the record it is about: a job whose version is no longer
/// current does nothing. Jobs about one sandbox run one after another, oldest first.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(StartSandboxJob), "sandbox.start.v1")]
[JsonDerivedType(typeof(RestartSandboxJob), "sandbox.restart.v1")]
[JsonDerivedType(typeof(StopSandboxJob), "sandbox.stop.v1")]
[JsonDerivedType(typeof(RemoveSandboxJob), "sandbox.remove.v1")]
[JsonDerivedType(typeof(ArchiveSandboxJob), "sandbox.archive.v1")]
[JsonDerivedType(typeof(RestoreSandboxJob), "sandbox.restore.v1")]
[JsonDerivedType(typeof(DiscardArchiveJob), "sandbox.discard.v1")]
[JsonDerivedType(typeof(CommitSandboxJob), "sandbox.commit.v1")]
public abstract record SandboxJob
{
    public required SandboxId SandboxId { get; init; }

    public required long SandboxVersion { get; init; }

    public required IncarnationId Incarnation { get; init; }

    /// <summary>Which nodes may do it.</summary>
    [JsonIgnore]
    public virtual JobReach Reach => JobReach.ItsNode;

    /// <summary>Which slots of its node it takes.</summary>
    [JsonIgnore]
    public virtual JobClass SlotClass => JobClass.Stop;

    /// <summary>W3C trace context of the caller; filled by the store when the job is written.</summary>
    public string? TraceParent { get; init; }
}

/// <summary>Make and start the container (pending → running).</summary>
public sealed record StartSandboxJob : SandboxJob
{
    public override JobReach Reach => JobReach.FittingNode;

    public override JobClass SlotClass => JobClass.Start;

    /// <summary>
    /// Registry credentials travel here and never in the record: the row of a job is removed when the job ends.
    /// </summary>
    public string? RegistryPassword { get; init; }

    /// <summary>There was a password, and it was dropped when the job was given up: a dead letter keeps no secret.</summary>
    public bool PasswordDropped { get; init; }

    /// <summary>Without the password: a log that a job is printed into has no secret.</summary>
    public override string ToString() => $"{nameof(StartSandboxJob)} {SandboxId} {SandboxVersion}";
}

/// <summary>Start the stopped container again, its file system kept (pending → running).</summary>
public sealed record RestartSandboxJob : SandboxJob
{
    public override JobClass SlotClass => JobClass.Start;
}

/// <summary>End the container and keep it.</summary>
public sealed record StopSandboxJob : SandboxJob;

/// <summary>End the container if it runs and remove it with its anonymous volumes and its folder.</summary>
public sealed record RemoveSandboxJob : SandboxJob;

/// <summary>Make an image of the stopped container, put it away and remove the container (archiving → archived).</summary>
public sealed record ArchiveSandboxJob : SandboxJob
{
    public override JobClass SlotClass => JobClass.Archive;
}

/// <summary>Fetch the image of an archived sandbox and start a new incarnation of it (pending → running).</summary>
public sealed record RestoreSandboxJob : SandboxJob
{
    public override JobReach Reach => JobReach.FittingNode;

    public override JobClass SlotClass => JobClass.Start;
}

/// <summary>Remove what an archive put away. The incarnation is the one that was archived.</summary>
public sealed record DiscardArchiveJob : SandboxJob
{
    public override JobReach Reach => JobReach.AnyNode;

    public override JobClass SlotClass => JobClass.Archive;
}

/// <summary>Make an image of the container as it is now, under a name of the caller's, and push it where the name says so.</summary>
public sealed record CommitSandboxJob : SandboxJob
{
    public override JobClass SlotClass => JobClass.Archive;

    public required string ImageTag { get; init; }

    public string? Username { get; init; }

    /// <summary>As <see cref="StartSandboxJob.RegistryPassword"/>: here and nowhere else.</summary>
    public string? Password { get; init; }

    /// <summary>The image is made; what is left is its push.</summary>
    public bool IsMade { get; init; }

    /// <summary>Tells this commit from earlier ones of the sandbox.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    public override string ToString() => $"{nameof(CommitSandboxJob)} {SandboxId} {ImageTag}";
}

/// <summary>Where a job can be done.</summary>
public enum JobReach
{
    /// <summary>Where the container is.</summary>
    ItsNode,

    /// <summary>On a node that has capacity for the sandbox: it will have the container.</summary>
    FittingNode,

    /// <summary>On any node: the job needs no container and no capacity.</summary>
    AnyNode,
}

[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SandboxJob))]
public sealed partial class JobJson : JsonSerializerContext;
