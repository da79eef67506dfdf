using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;

namespace Sandbox.Domain.Stores;

/// <summary>What became of the last commit of each sandbox. Kept apart from the record, which moves on while an image is pushed.</summary>
public interface ICommitStore
{
    /// <summary>By how much two processes' clocks may differ at most. A commit that began longer than this before its sandbox was created
    /// is of an earlier sandbox: an id is used again after <see cref="ISandboxStore.TombstoneFor"/> only.</summary>
    static readonly TimeSpan ClocksApart = TimeSpan.FromHours(1);

    /// <summary>Writes a commit that has begun together with its job, unless one of the same sandbox is running: then nothing
    /// is written and the answer is that one.</summary>
    Task<SandboxCommit> BeginAsync(SandboxCommit begun, CommitSandboxJob job, CancellationToken cancellationToken);

    /// <summary>The last one; null: none was asked for since the sandbox of that id was created.</summary>
    Task<SandboxCommit?> FindAsync(SandboxId id, CancellationToken cancellationToken);

    /// <summary>Replaces a running commit by how it ended. False when it is not the running one (any more).</summary>
    Task<bool> TryEndAsync(SandboxCommit ended, CancellationToken cancellationToken);

    /// <summary>Queues the job of a running commit once more, behind the sandbox's other jobs: a push makes way for a stop.
    /// False when the commit is not running (any more).</summary>
    Task<bool> TryQueueAgainAsync(CommitSandboxJob job, CancellationToken cancellationToken);
}

public enum CommitPhase
{
    Running,
    Succeeded,
    Failed,
}

/// <summary>One commit, in ROCK's terms.</summary>
/// <param name="StartedAt">Also tells it from the sandbox's other commits.</param>
/// <param name="FailedStage">login, commit or push; null where none of them failed.</param>
/// <param name="ErrorCode">One of ROCK's, for example PUSH_FAILED.</param>
public sealed record SandboxCommit(
    SandboxId SandboxId, string ImageTag, CommitPhase Phase, DateTimeOffset StartedAt, DateTimeOffset? CompletedAt = null,
    int? ExitCode = null, string? FailedStage = null, string? ErrorCode = null, string? ErrorMessage = null);
