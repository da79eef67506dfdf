namespace Sandbox.Contracts.Rock;

/// <summary>The phases of task sets and their tasks, as ROCK has them.</summary>
public static class TaskSetPhases
{
    public const string Running = "Running";

    public const string Succeeded = "Succeeded";

    public const string Failed = "Failed";

    /// <summary>There is no such task, or it is not for task sets.</summary>
    public const string Rejected = "Rejected";

    /// <summary>One of its tasks was asked for a moment ago.</summary>
    public const string RateLimited = "RateLimited";

    /// <summary>No node knows it, or none does any more.</summary>
    public const string NotFound = "NotFound";
}
