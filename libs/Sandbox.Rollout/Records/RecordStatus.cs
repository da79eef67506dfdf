namespace Sandbox.Rollout.Records;

/// <summary>What a checkpoint's last run came to, for one machine or for all.</summary>
public enum RecordStatus
{
    /// <summary>It never ran.</summary>
    NotFound,

    InProgress,
    Passed,
    Failed,

    /// <summary>It could not be had here, and nothing depends on it; the detail says why.</summary>
    Skipped,
}
