using Sandbox.Contracts.Rollouts;
using Sandbox.Rollout.Records;

namespace Sandbox.Rollout.Deployments;

/// <summary>Deployments as they travel and are printed.</summary>
public static class DeploymentMessages
{
    public static DeploymentResult Of(Deployment found) => new(
        found.Id, StatusWord.Of(found.State), found.StartedBy, found.StartedAt, found.EndedAt)
    {
        IsKept = found is { State: DeploymentState.Completed, Bundle: not null },
        RollbackOf = found.RollbackOf,
        ScheduleId = found.Schedule,
        Checkpoints =
        [
            .. found.Steps.Select(step => new DeploymentStepResult(step.Checkpoint, StatusWord.Of(step.State))
            {
                PlanHash = step.PlanHash,
                ExecutionId = step.Execution,
                ApprovalId = step.Approval,
                Error = step.Error,
            }),
        ],
    };
}
