namespace Sandbox.Rollout.Deployments;

/// <summary>How far one checkpoint of a deployment is.</summary>
public enum StepState
{
    Pending,

    /// <summary>The deployment began after it; whether it was ever passed is not said.</summary>
    Skipped,

    WaitingForApproval,
    Running,
    Completed,
    Failed,

    /// <summary>Somebody ended the deployment before it was over.</summary>
    Cancelled,
}
