namespace Sandbox.Deployments.Archives;

/// <summary>How a commit ended, in ROCK's terms.</summary>
/// <param name="Stage">login, commit or push; null where none of them failed.</param>
/// <param name="Code">Null: it has succeeded.</param>
/// <param name="Message">Why it failed; of one that succeeded, what its image does not have.</param>
internal sealed record CommitEnding(int ExitCode, string? Stage, string? Code, string? Message)
{
    public static CommitEnding Done(string? warning) => new(0, null, null, warning);

    public static CommitEnding Failed(string reason) => new(12, "commit", "COMMIT_FAILED", reason);
}
