using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Specs;

namespace Sandbox.Node.Deployments;

/// <summary>
/// How one sandbox is run here. Every verb is idempotent: it acts, then interprets the answer ("not found" while removing
/// is done, "already started" while starting is done), so that a job may be repeated at any point.
/// </summary>
public interface IDeployment
{
    DeploymentKind Kind { get; }

    /// <summary>Null when this deployment can run sandboxes now (the engine answers), else why not.</summary>
    Task<SandboxError?> CheckAvailabilityAsync(CancellationToken cancellationToken);

    /// <summary>Makes the container if it is not there and starts it if it does not run; reports each phase. Returns when
    /// the engine has started it: that the agent answers is awaited by the caller.</summary>
    Task<Result<StartedSandbox>> EnsureStartedAsync(StartOrder order, IPhaseReporter phases, CancellationToken cancellationToken);

    /// <summary>Starts the existing, stopped container again; an error when it is gone.</summary>
    Task<Result<StartedSandbox>> EnsureRestartedAsync(SandboxInstance sandbox, IPhaseReporter phases, CancellationToken cancellationToken);

    /// <summary>Completes when what was started has ended or is gone, with why (exit code, out of memory, removed), so that
    /// a start whose container dies at once fails at once. Throws when the engine does not answer.</summary>
    Task<string> WhenEndedAsync(IncarnationId incarnation, CancellationToken cancellationToken);

    /// <summary>Ends it, file system kept.</summary>
    Task EnsureStoppedAsync(SandboxInstance sandbox, CancellationToken cancellationToken);

    /// <summary>Ends it if it runs and removes all that was made for this incarnation; the image too, where the spec says
    /// so and nothing else uses it.</summary>
    Task EnsureGoneAsync(IncarnationId incarnation, CancellationToken cancellationToken);

    /// <summary>What of this cluster is found on this node, running or not, for adoption and for the sweep of orphans.
    /// Throws when the engine does not answer: an empty list means that nothing is there.</summary>
    Task<IReadOnlyList<FoundSandbox>> ListAsync(CancellationToken cancellationToken);

    /// <summary>What it uses; null where this deployment cannot tell, or it does not run.</summary>
    Task<SandboxUsage?> UseAsync(IncarnationId incarnation, CancellationToken cancellationToken) => Task.FromResult<SandboxUsage?>(null);

    /// <summary>What the sandbox's main process has written, as it is kept here; an error where nothing is kept.</summary>
    Task<Result<SandboxLog>> OpenLogAsync(SandboxInstance sandbox, LogQuery query, CancellationToken cancellationToken) =>
        Task.FromResult<Result<SandboxLog>>(
            new SandboxError.Unsupported(SandboxLog.Reading, $"nothing is kept here of what a {Kind} sandbox writes."));

    /// <summary>Names of the images that need not be pulled here.</summary>
    Task<IReadOnlyCollection<string>> ImagesAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyCollection<string>>([]);

    /// <summary>Lists of what a sandbox may reach (<see cref="SandboxSpec.Egress"/>) can be put in effect here.</summary>
    bool HasEgressLists => false;

    /// <summary>Puts the lists of a sandbox that runs in effect, or takes away those that it had. An older one than is in effect does
    /// nothing. Errors: <see cref="SandboxError.Unsupported"/>, and <see cref="SandboxError.DockerUnavailable"/> when the engine does not
    /// answer.</summary>
    Task<Result<AppliedEgress>> ApplyEgressAsync(SandboxInstance sandbox, CancellationToken cancellationToken) =>
        Task.FromResult<Result<AppliedEgress>>(sandbox.Spec.Egress is { IsOpen: false }
            ? AppliedEgress.NotHere(Kind)
            : new AppliedEgress(sandbox.EffectiveNetwork));

    /// <summary>One round of care for what is made for all sandboxes together (networks and their rules): what is missing is put back,
    /// what is not needed any more is removed. The lists of every sandbox that rightly runs here were applied before.</summary>
    Task MaintainAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Adds a hook that is told at each step.</summary>
    void AddHook(IDeploymentHook hook);
}

/// <param name="RegistryPassword">Never stored, never logged.</param>
public sealed record StartOrder(SandboxInstance Sandbox, string? RegistryPassword)
{
    /// <summary>The image itself, where the order's own job brought it; null: the spec names it.</summary>
    public string? ImageId { get; init; }

    /// <summary>Awaited before an image is fetched, which may take long: not all starts of a node may fetch at once.</summary>
    public Func<CancellationToken, Task> BeforePull { get; init; } = _ => Task.CompletedTask;

    public override string ToString() => $"start of {Sandbox.Id}";
}

/// <param name="EffectiveDiskBytes">Null when the storage driver cannot enforce a limit.</param>
/// <param name="EffectiveLogBytes">The disk limit, where the log counts against it; else null.</param>
/// <param name="EffectiveNetwork">What keeps its network apart, in words (<see cref="SandboxInstance.EffectiveNetwork"/>).</param>
public sealed record StartedSandbox(long? EffectiveDiskBytes, long? EffectiveLogBytes = null, string? EffectiveNetwork = null)
{
    /// <summary>What else confines it, or does not, in words for people where that is not the ordinary case: its phase tells it.</summary>
    public string? Confinement { get; init; }
}

/// <summary>The lists of a sandbox are in effect.</summary>
/// <param name="EffectiveNetwork">What keeps its network apart now, in words (<see cref="SandboxInstance.EffectiveNetwork"/>).</param>
public sealed record AppliedEgress(string? EffectiveNetwork)
{
    public const string Lists = "a list of what a sandbox may reach";

    public static SandboxError.Unsupported NotHere(DeploymentKind kind) => new(Lists, $"the network of a {kind} sandbox can have none.");
}

/// <param name="ExitReason">For one that does not run: exit code, out of memory, and the like.</param>
public sealed record FoundSandbox(IncarnationId Incarnation, SandboxId SandboxId, bool Running, string? ExitReason);

/// <summary>Takes the reports of a start on how far it is; each reaches the record and the callers that wait.</summary>
public interface IPhaseReporter
{
    Task ReportAsync(string phase, PhaseStatus status, string message, CancellationToken cancellationToken);

    /// <summary>What the caller of this start is told of a failure that others put into words; the log has those.</summary>
    /// <param name="kind">The same in words of ours.</param>
    string Describe(string kind, Exception exception);
}

public interface IDeploymentHook
{
    /// <param name="step">For example "pulling", "creating", "starting".</param>
    Task OnStepAsync(SandboxInstance sandbox, string step, CancellationToken cancellationToken);
}
