using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Live;

/// <summary>
/// The records with their live entries and wake-ups: each successful write is committed first, then reaches the live entry,
/// then wakes its waiters. Every writer of records goes through here.
/// </summary>
/// <param name="telemetry">Null: nothing is counted.</param>
internal sealed class LiveSandboxStore(IRecordStore records, LiveCache cache, IChangeFeed feed, StorageTelemetry? telemetry = null)
    : ISandboxStore
{
    // One sandbox's writes reach its live entry in the order of their commits; otherwise a slow update of facts could bring
    // the entry of a stopped sandbox back.
    private readonly KeyedLock<SandboxId> _locks = new();

    public async Task<Result<SandboxInstance>> TryCreateAsync(
        SandboxInstance first, SandboxJob job, CancellationToken cancellationToken)
    {
        using var entered = await _locks.EnterAsync(first.Id, cancellationToken);
        var created = await records.TryCreateAsync(first, job, cancellationToken);
        if (created.TryGet(out var record, out _))
        {
            await cache.RestoreAsync(record, CancellationToken.None);
            feed.Publish(record.Id);
        }

        return created;
    }

    public Task<SandboxInstance?> FindAsync(SandboxId id, CancellationToken cancellationToken) =>
        records.FindAsync(id, cancellationToken);

    public async Task<bool> TryTransitionAsync(SandboxTransition transition, CancellationToken cancellationToken)
    {
        using var entered = await _locks.EnterAsync(transition.Next.Id, cancellationToken);
        var written = IsLive(transition.Next)
            ? await TransitionLiveAsync(transition, cancellationToken) : await ArchiveCacheAsync(transition, cancellationToken);
        if (written)
        {
            telemetry?.OnMoved(transition);
            feed.Publish(transition.Next.Id);
        }

        return written;
    }

    public async Task<bool> TryUpdateFactsAsync(SandboxInstance next, CancellationToken cancellationToken)
    {
        using var entered = await _locks.EnterAsync(next.Id, cancellationToken);
        if (!await records.TryUpdateFactsAsync(next, cancellationToken))
        {
            return false;
        }

        if (IsLive(next))
        {
            await cache.UpdateAsync(next, since: next.Version, CancellationToken.None);
        }

        feed.Publish(next.Id);
        return true;
    }

    public async Task<bool> TryReplaceEgressAsync(SandboxInstance next, CancellationToken cancellationToken)
    {
        // No declared field says it, so the live entry stays as it is.
        var written = await records.TryReplaceEgressAsync(next, cancellationToken);
        if (written)
        {
            feed.Publish(next.Id);
        }

        return written;
    }

    public Task<SandboxPage> ListAsync(SandboxQuery query, CancellationToken cancellationToken) =>
        records.ListAsync(query, cancellationToken);

    public Task<IReadOnlyList<SandboxInstance>> DueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        records.DueAsync(now, limit, cancellationToken);

    public Task<int> PurgeAsync(int limit, CancellationToken cancellationToken) => records.PurgeAsync(limit, cancellationToken);

    private static bool IsLive(SandboxInstance record) => record.State is SandboxState.Pending or SandboxState.Running;

    private async Task<bool> TransitionLiveAsync(SandboxTransition transition, CancellationToken cancellationToken)
    {
        // What was committed also has facts that others updated meanwhile.
        if (await records.TransitionAsync(transition, cancellationToken) is not { } written)
        {
            return false;
        }

        await (IsLive(transition.From)
            ? cache.UpdateAsync(written, transition.From.Version, CancellationToken.None)
            : cache.RestoreAsync(written, CancellationToken.None));
        return true;
    }

    /// <summary>archive_cache: read the live entry, merge the final information over it, write the complete snapshot to the
    /// record, and only then evict both keys. Of what is deleted nothing comes back, so it gets none.</summary>
    private async Task<bool> ArchiveCacheAsync(SandboxTransition transition, CancellationToken cancellationToken)
    {
        var final = transition.Next.State is SandboxState.Deleted
            ? transition.Next : await cache.WithSnapshotAsync(transition.From, transition.Next, cancellationToken);
        if (!await records.TryTransitionAsync(transition with { Next = final }, cancellationToken))
        {
            return false;
        }

        await cache.EvictAsync(final, CancellationToken.None);
        return true;
    }
}
