namespace Sandbox.Rollout.Deployments;

/// <summary>How far a deployment is.</summary>
public enum DeploymentState
{
    Running,

    /// <summary>Its next step begins when people have consented to its plan.</summary>
    WaitingForApproval,

    Completed,
    Failed,
    Cancelled,
}
