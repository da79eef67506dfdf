using System.Collections.Immutable;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;

namespace Sandbox.Rollout.Deployments;

/// <summary>Checkpoints that are run one after the other: the whole rollout, or the one of a schedule. Immutable: each step gives the
/// deployment after it, and a store writes that only over the version that it was taken from.</summary>
/// <param name="StartedBy">As whom they authenticated; of a schedule's, who made the schedule.</param>
public sealed record Deployment(Guid Id, string StartedBy, DateTimeOffset StartedAt)
{
    public ImmutableArray<DeploymentStep> Steps { get; init; } = [];

    /// <summary>The schedule that was due.</summary>
    public Guid? Schedule { get; init; }

    /// <summary>The complete rollout whose playbooks and inventory it runs again.</summary>
    public Guid? RollbackOf { get; init; }

    /// <summary>Hash of the playbooks and the inventory, by which the state folder keeps them; null when they are not kept.</summary>
    public string? Bundle { get; init; }

    /// <summary>A command at somebody's terminal takes it on, and nothing else does.</summary>
    public bool IsAttended { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Until then one process makes its next plan, and no other touches it.</summary>
    public DateTimeOffset? BusyUntil { get; init; }

    /// <summary>Grows by one with each change.</summary>
    public long Version { get; init; }

    public DeploymentState State =>
        Steps.Any(step => step.State is StepState.Failed) ? DeploymentState.Failed
        : Steps.Any(step => step.State is StepState.Cancelled) ? DeploymentState.Cancelled
        : Steps.All(step => step.IsOver) ? DeploymentState.Completed
        : Steps.Any(step => step.State is StepState.WaitingForApproval) ? DeploymentState.WaitingForApproval
        : DeploymentState.Running;

    public bool IsActive => State is DeploymentState.Running or DeploymentState.WaitingForApproval;

    /// <summary>It goes to the end of a rollout, and not only through one checkpoint.</summary>
    public bool IsWhole => Steps.Length == CheckpointCatalog.All.Length;

    /// <summary>The first step that is not over; null at the end.</summary>
    public DeploymentStep? Current => Steps.FirstOrDefault(step => !step.IsOver);

    public IEnumerable<string> Completed => NamesOf(StepState.Completed);

    public IEnumerable<string> Skipped => NamesOf(StepState.Skipped);

    /// <summary>The steps of a whole rollout that begins with a checkpoint.</summary>
    public static ImmutableArray<DeploymentStep> WholeFrom(Checkpoint first) =>
    [
        .. CheckpointCatalog.All.Select(checkpoint => new DeploymentStep(checkpoint.Name)
        {
            State = checkpoint.Number < first.Number ? StepState.Skipped : StepState.Pending,
        }),
    ];

    /// <summary>The same with one step as it is now.</summary>
    public Deployment With(DeploymentStep step) => this with
    {
        Steps = [.. Steps.Select(one => one.Checkpoint == step.Checkpoint ? step : one)],
        Version = Version + 1,
    };

    /// <summary>The same, ended before it was over.</summary>
    public Deployment Cancelled() => this with
    {
        Steps = [.. Steps.Select(step => step.IsOver ? step : step with { State = StepState.Cancelled })],
        BusyUntil = null,
        Version = Version + 1,
    };

    /// <summary>An attended deployment as its runs left it.</summary>
    /// <param name="runs">Those that began since it did, the newest first.</param>
    /// <param name="error">Why it ended before it was over; null: it did not.</param>
    public Deployment After(IReadOnlyList<Execution> runs, string? error)
    {
        var steps = Steps.Select(step => step.IsOver ? step : AsLeft(step, runs.FirstOrDefault(run => run.Checkpoint == step.Checkpoint)));
        var after = this with { Steps = [.. steps], Version = Version + 1 };
        return after is { IsActive: true, Current: { } current }
            ? after with
            {
                Steps =
                [
                    .. after.Steps.Select(step => step.IsOver ? step : step with
                    {
                        State = StepState.Cancelled,
                        Error = step == current ? error : null,
                    }),
                ],
            }
            : after;
    }

    private static DeploymentStep AsLeft(DeploymentStep step, Execution? run) => run is null ? step : step with
    {
        State = run.State switch
        {
            ExecutionState.Completed => StepState.Completed,
            ExecutionState.Cancelled => StepState.Cancelled,
            ExecutionState.Started or ExecutionState.Running => StepState.Running,
            _ => StepState.Failed,
        },
        Execution = run.Id,
        Approval = run.Approval,
        PlanHash = run.PlanHash,
        Error = run.Error,
    };

    private IEnumerable<string> NamesOf(StepState state) =>
        Steps.Where(step => step.State == state).Select(step => step.Checkpoint);
}
