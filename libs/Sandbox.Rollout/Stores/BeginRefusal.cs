namespace Sandbox.Rollout.Stores;

/// <summary>Why a run did not begin.</summary>
public enum BeginRefusal
{
    /// <summary>Another run against these machines has not ended.</summary>
    AlreadyRunning,

    /// <summary>The consent was used, taken back or changed meanwhile.</summary>
    ApprovalMoved,
}
