namespace Sandbox.Domain.Lifecycle;

/// <summary>How far a step of a start (or of an archive) has come.</summary>
public enum PhaseStatus
{
    Waiting,
    Running,
    Success,
    Failed,
    Timeout,
}

/// <summary>A step that clients see in <c>get_status</c>, by its name on the wire.</summary>
public sealed record SandboxPhase(
    string Name, PhaseStatus Status, string Message, DateTimeOffset? StartedAt = null, DateTimeOffset? CompletedAt = null)
{
    public const string ImagePull = "image_pull";
    public const string DockerRun = "docker_run";
    public const string ImageArchive = "image_archive";
    public const string LogArchive = "log_archive";

    /// <summary>The phases of an archive before anything has happened.</summary>
    public static IReadOnlyList<SandboxPhase> BeforeArchive { get; } =
        [new(ImageArchive, PhaseStatus.Waiting, "waiting"), new(LogArchive, PhaseStatus.Waiting, "waiting")];

    /// <summary>The phases of a start before anything has happened.</summary>
    public static IReadOnlyList<SandboxPhase> BeforeStart { get; } =
        [new(ImagePull, PhaseStatus.Waiting, "waiting"), new(DockerRun, PhaseStatus.Waiting, "waiting")];
}

/// <summary>One line of a sandbox's history.</summary>
public sealed record StateChange(SandboxState From, SandboxState To, SandboxEvent On, DateTimeOffset At);
