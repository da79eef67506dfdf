namespace Sandbox.Rollout.Executions;

/// <summary>How far a run of one checkpoint is.</summary>
public enum ExecutionState
{
    /// <summary>It is written down; its process may not have begun.</summary>
    Started,

    Running,
    Completed,
    Failed,

    /// <summary>Somebody stopped it.</summary>
    Cancelled,

    /// <summary>Its process ended without saying how, with its machine or by force. What it did is not known: run it again.</summary>
    Interrupted,
}
