using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;

namespace Sandbox.Domain.Stores;

/// <summary>Jobs are claimed under a lease and are effective once: each write about a claimed job carries its attempt
/// number and is refused (false) when another attempt has begun since.</summary>
public interface IJobStore
{
    /// <summary>Claims up to <paramref name="limit"/> jobs for this node, oldest first; at most one per sandbox is ever
    /// claimed at a time, and only the oldest of a sandbox.</summary>
    Task<IReadOnlyList<ClaimedJob>> ClaimAsync(string node, int limit, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>Prolongs the lease; false: it was lost and the holder stops acting.</summary>
    Task<bool> TryRenewAsync(ClaimedJob job, TimeSpan lease, CancellationToken cancellationToken);

    /// <summary>The job is done (or is about a version that no longer matters) and its row goes away.</summary>
    Task<bool> TryCompleteAsync(ClaimedJob job, CancellationToken cancellationToken);

    /// <summary>Gives the job back, to be claimed again after <paramref name="delay"/>.</summary>
    Task<bool> TryReleaseAsync(ClaimedJob job, TimeSpan delay, CancellationToken cancellationToken);

    /// <summary>When the next job that is not claimable now becomes so (a delay or a lease ends); null: none.</summary>
    Task<DateTimeOffset?> NextDueAsync(CancellationToken cancellationToken);

    /// <summary>Whether a job about this sandbox, and about <paramref name="upToVersion"/> or an earlier version of it, still
    /// waits or runs.</summary>
    Task<bool> HasOpenAsync(SandboxId id, long upToVersion, CancellationToken cancellationToken);

    /// <summary>At start of the only process on a data folder: every claim of an earlier life is void.</summary>
    Task ReleaseAllOfAsync(string node, CancellationToken cancellationToken);
}

/// <param name="Attempt">From 1, grows by one with each claim.</param>
public sealed record ClaimedJob(long Id, SandboxJob Job, int Attempt);
