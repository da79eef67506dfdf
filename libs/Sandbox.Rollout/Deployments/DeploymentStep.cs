namespace Sandbox.Rollout.Deployments;

/// <summary>One checkpoint of a deployment.</summary>
public sealed record DeploymentStep(string Checkpoint)
{
    public StepState State { get; init; }

    /// <summary>The plan that was run, or that waits for a consent.</summary>
    public string? PlanHash { get; init; }

    /// <summary>Its run: chosen before that begins, so that after a crash it is known whether it began.</summary>
    public Guid? Execution { get; init; }

    /// <summary>The request for a consent that it waits for, or that it used.</summary>
    public Guid? Approval { get; init; }

    /// <summary>Why it did not complete.</summary>
    public string? Error { get; init; }

    public bool IsOver => State is not (StepState.Pending or StepState.WaitingForApproval or StepState.Running);
}
