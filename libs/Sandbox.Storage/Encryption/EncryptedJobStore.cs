using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Encryption;

/// <summary>Jobs whose registry passwords are encrypted in their rows, and nowhere above them.</summary>
internal sealed class EncryptedJobStore(IJobStore jobs, RecordEncryption encryption) : IJobStore
{
    public async Task<IReadOnlyList<ClaimedJob>> ClaimAsync(JobClaim claim, CancellationToken cancellationToken) =>
        [.. (await jobs.ClaimAsync(claim, cancellationToken)).Select(Decrypt)];

    public async Task<IReadOnlyList<StrandedJob>> ClaimStrandedAsync(
        string claimant, TimeSpan silence, TimeSpan lease, int limit, CancellationToken cancellationToken) =>
        [
            .. (await jobs.ClaimStrandedAsync(claimant, silence, lease, limit, cancellationToken))
                .Select(stranded => stranded with { Claimed = Decrypt(stranded.Claimed) }),
        ];

    public Task<bool> TryRenewAsync(ClaimedJob job, TimeSpan lease, CancellationToken cancellationToken) =>
        jobs.TryRenewAsync(job, lease, cancellationToken);

    public Task<bool> TryCompleteAsync(ClaimedJob job, CancellationToken cancellationToken) =>
        jobs.TryCompleteAsync(job, cancellationToken);

    public Task<bool> TryReleaseAsync(ClaimedJob job, TimeSpan delay, CancellationToken cancellationToken) =>
        jobs.TryReleaseAsync(job, delay, cancellationToken);

    public Task<bool> TryDeadLetterAsync(ClaimedJob job, string reason, CancellationToken cancellationToken) =>
        jobs.TryDeadLetterAsync(job, reason, cancellationToken);

    public Task<IReadOnlyList<DeadLetter>> DeadLettersAsync(int limit, CancellationToken cancellationToken) =>
        jobs.DeadLettersAsync(limit, cancellationToken);

    public Task<bool> TryRedriveAsync(long id, CancellationToken cancellationToken) => jobs.TryRedriveAsync(id, cancellationToken);

    public Task<DateTimeOffset?> NextDueAsync(CancellationToken cancellationToken) => jobs.NextDueAsync(cancellationToken);

    public Task<bool> HasOpenAsync(SandboxId id, long upToVersion, CancellationToken cancellationToken) =>
        jobs.HasOpenAsync(id, upToVersion, cancellationToken);

    public Task ReleaseAllOfAsync(string node, CancellationToken cancellationToken) => jobs.ReleaseAllOfAsync(node, cancellationToken);

    private ClaimedJob Decrypt(ClaimedJob claimed) => claimed with { Job = encryption.Decrypt(claimed.Job) };
}
