using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Live;

/// <summary>Jobs whose end wakes the waiters for it, and the next job of the same sandbox with it.</summary>
internal sealed class AnnouncingJobStore(IJobStore jobs, IChangeFeed feed) : IJobStore
{
    public Task<IReadOnlyList<ClaimedJob>> ClaimAsync(JobClaim claim, CancellationToken cancellationToken) =>
        jobs.ClaimAsync(claim, cancellationToken);

    public Task<IReadOnlyList<StrandedJob>> ClaimStrandedAsync(
        string claimant, TimeSpan silence, TimeSpan lease, int limit, CancellationToken cancellationToken) =>
        jobs.ClaimStrandedAsync(claimant, silence, lease, limit, cancellationToken);

    public Task<bool> TryRenewAsync(ClaimedJob job, TimeSpan lease, CancellationToken cancellationToken) =>
        jobs.TryRenewAsync(job, lease, cancellationToken);

    public async Task<bool> TryCompleteAsync(ClaimedJob job, CancellationToken cancellationToken) =>
        Announce(job, await jobs.TryCompleteAsync(job, cancellationToken));

    public async Task<bool> TryReleaseAsync(ClaimedJob job, TimeSpan delay, CancellationToken cancellationToken) =>
        Announce(job, await jobs.TryReleaseAsync(job, delay, cancellationToken));

    public async Task<bool> TryDeadLetterAsync(ClaimedJob job, string reason, CancellationToken cancellationToken) =>
        Announce(job, await jobs.TryDeadLetterAsync(job, reason, cancellationToken));

    public Task<IReadOnlyList<DeadLetter>> DeadLettersAsync(int limit, CancellationToken cancellationToken) =>
        jobs.DeadLettersAsync(limit, cancellationToken);

    public Task<bool> TryRedriveAsync(long id, CancellationToken cancellationToken) => jobs.TryRedriveAsync(id, cancellationToken);

    public Task<DateTimeOffset?> NextDueAsync(CancellationToken cancellationToken) => jobs.NextDueAsync(cancellationToken);

    public Task<bool> HasOpenAsync(SandboxId id, long upToVersion, CancellationToken cancellationToken) =>
        jobs.HasOpenAsync(id, upToVersion, cancellationToken);

    public Task ReleaseAllOfAsync(string node, CancellationToken cancellationToken) => jobs.ReleaseAllOfAsync(node, cancellationToken);

    private bool Announce(ClaimedJob job, bool changed)
    {
        if (changed)
        {
            feed.Publish(job.Job.SandboxId);
        }

        return changed;
    }
}
