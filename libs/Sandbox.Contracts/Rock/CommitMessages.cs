namespace Sandbox.Contracts.Rock;

/// <summary>Body of <c>POST /commit</c>.</summary>
public sealed record CommitRequest(string SandboxId, string ImageTag, string Username, string Password)
{
    /// <summary>Without the password.</summary>
    public override string ToString() => $"commit of {SandboxId} as {ImageTag}";
}

/// <summary>How far a commit is: RUNNING, SUCCEEDED or FAILED.</summary>
public sealed record CommitStatus(
    string SandboxId, string ImageTag, string Phase, string StartedAt, string? CompletedAt, int? ExitCode, string? FailedStage,
    string? ErrorCode, string? ErrorMessage);
