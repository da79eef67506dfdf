using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Live;

/// <summary>
/// The records with their live entries and wake-ups: each successful write is committed first, then reaches the live entry,
/// then wakes whoever waits. Every writer of records goes through here.
/// </summary>
/// <param name="telemetry">Null: nothing is counted.</param>
internal sealed class LiveSandboxStore(IRecordStore records, LiveCache cache, IChangeFeed feed, StorageTelemetry? telemetry = null)
    : ISandboxStore
{
    // One sandbox's writes reach its live entry in the order of their commits; otherwise a slow amend could bring the entry
    // of a stopped sandbox back.
    private readonly KeyedLock<SandboxId> _turns = new();

    public async Task<Result<SandboxInstance>> TryCreateAsync(
        SandboxInstance first, SandboxJob job, CancellationToken cancellationToken)
    {
        using var turn = await _turns.EnterAsync(first.Id, cancellationToken);
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

    public async Task<bool> TryTransitionAsync(SandboxTransition move, CancellationToken cancellationToken)
    {
        using var turn = await _turns.EnterAsync(move.Next.Id, cancellationToken);
        var moved = IsLive(move.Next) ? await MoveLiveAsync(move, cancellationToken) : await ArchiveCacheAsync(move, cancellationToken);
        if (moved)
        {
            telemetry?.OnMoved(move);
            feed.Publish(move.Next.Id);
        }

        return moved;
    }

    public async Task<bool> TryUpdateFactsAsync(SandboxInstance next, CancellationToken cancellationToken)
    {
        using var turn = await _turns.EnterAsync(next.Id, cancellationToken);
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

    public Task<SandboxPage> ListAsync(SandboxQuery query, CancellationToken cancellationToken) =>
        records.ListAsync(query, cancellationToken);

    public Task<IReadOnlyList<SandboxInstance>> DueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        records.DueAsync(now, limit, cancellationToken);

    public Task<int> PurgeAsync(int limit, CancellationToken cancellationToken) => records.PurgeAsync(limit, cancellationToken);

    private static bool IsLive(SandboxInstance record) => record.State is SandboxState.Pending or SandboxState.Running;

    private async Task<bool> MoveLiveAsync(SandboxTransition move, CancellationToken cancellationToken)
    {
        // What was committed also holds facts that others amended meanwhile.
        if (await records.MoveAsync(move, cancellationToken) is not { } written)
        {
            return false;
        }

        await (IsLive(move.From)
            ? cache.UpdateAsync(written, move.From.Version, CancellationToken.None) : cache.RestoreAsync(written, CancellationToken.None));
        return true;
    }

    /// <summary>archive_cache: read the live entry, merge the final information over it, write the complete snapshot to the
    /// record, and only then evict both keys.</summary>
    private async Task<bool> ArchiveCacheAsync(SandboxTransition move, CancellationToken cancellationToken)
    {
        var final = await cache.WithSnapshotAsync(move.From, move.Next, cancellationToken);
        if (!await records.TryTransitionAsync(move with { Next = final }, cancellationToken))
        {
            return false;
        }

        await cache.EvictAsync(final, CancellationToken.None);
        return true;
    }
}
