using System.Runtime.CompilerServices;
using Sandbox.Api.Events;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Management;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Tenancy;

/// <summary>
/// What happens to the caller's sandboxes. The wake-ups of the change feed say which records to read, and the records remember what
/// happened: a reader that is slow reads them later and misses nothing, unless more sandboxes changed meanwhile than the feed collects.
/// </summary>
internal sealed class TenantScopedEvents(
    TenantScopedRecords records, TenantResolver tenants, IChangeFeed feed, TimeProvider time)
{
    /// <summary>Events of the past that are told at most; of more, the newest.</summary>
    public const int MostPast = 10_000;

    /// <summary>By how much the clocks of a cluster's machines may differ.</summary>
    public static readonly TimeSpan ClockTolerance = TimeSpan.FromSeconds(5);

    /// <summary>Within this it is noticed that the feed hears nothing any more; what was heard meanwhile may not be all.</summary>
    private static readonly TimeSpan NoticedWithin = TimeSpan.FromMinutes(2);

    private const int PageSize = 500;

    // Sandboxes of which a reader knows what it was told; when it has met more, it begins anew.
    private const int MostKnown = 50_000;

    /// <summary>What happened since a time, oldest first, and with <paramref name="follow"/> all that happens from now on.</summary>
    /// <param name="since">Null: only what happens from now on.</param>
    /// <param name="pause">After how long a silence that is told, too.</param>
    public async IAsyncEnumerable<EventStreamItem> ReadAsync(
        DateTimeOffset? since, bool follow, EventFilter filter, TimeSpan pause,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // Before the past is read, so that nothing is between the two.
        using var changes = feed.Collect();
        var horizon = time.GetUtcNow();
        var (heard, told) = (horizon, new Dictionary<string, long>(StringComparer.Ordinal));
        yield return new EventStreamItem.Begun(since ?? horizon);
        if (since is { } from)
        {
            var (past, isWhole) = await PastAsync(from, filter, cancellationToken);
            if (!isWhole)
            {
                yield return new EventStreamItem.Missed(past[0].Time);
            }

            foreach (var one in past)
            {
                told[one.SandboxId] = Math.Max(told.GetValueOrDefault(one.SandboxId), one.Version);
                yield return new EventStreamItem.Happened(one);
            }
        }

        while (follow)
        {
            if (!await HasChangedAsync(changes, pause, cancellationToken))
            {
                yield return new EventStreamItem.Quiet();
                continue;
            }

            var (asked, taken) = (time.GetUtcNow(), changes.Take());
            foreach (var id in taken.Ids.Where(id => filter.SandboxId is null || filter.SandboxId == id.ToString()))
            {
                foreach (var one in await NewOfAsync(id, told, horizon, cancellationToken))
                {
                    if (filter.Matches(one))
                    {
                        yield return new EventStreamItem.Happened(one);
                    }
                }
            }

            if (taken.HasMissedSome)
            {
                yield return new EventStreamItem.Missed(
                    heard - NoticedWithin > horizon ? heard - NoticedWithin : horizon - ClockTolerance);
                yield break;
            }

            heard = asked;
            if (told.Count > MostKnown)
            {
                // All that changed until now was told.
                told.Clear();
                horizon = asked;
            }
        }
    }

    private async Task<bool> HasChangedAsync(ChangeCollector changes, TimeSpan pause, CancellationToken cancellationToken)
    {
        try
        {
            await changes.Changed.WaitAsync(pause, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    /// <summary>What this reader was not told of a sandbox; of one that it meets for the first time, what happened since it began to
    /// listen. Foreign ones are asked for once in a while only.</summary>
    private async Task<IReadOnlyList<LifecycleEvent>> NewOfAsync(
        SandboxId id, Dictionary<string, long> told, DateTimeOffset horizon, CancellationToken cancellationToken)
    {
        if (!await tenants.SeesAsync(id, cancellationToken) || await records.FindAsync(id, cancellationToken) is not { } record)
        {
            return [];
        }

        var isKnown = told.TryGetValue(id.ToString(), out var last);
        told[id.ToString()] = record.Version;
        return [.. LifecycleEvents.Of(record).Where(one => isKnown ? one.Version > last : one.Time >= horizon - ClockTolerance)];
    }

    private async Task<(IReadOnlyList<LifecycleEvent> Events, bool IsWhole)> PastAsync(
        DateTimeOffset since, EventFilter filter, CancellationToken cancellationToken)
    {
        var newest = new PriorityQueue<LifecycleEvent, DateTimeOffset>();
        var isWhole = true;
        await foreach (var record in RecordsAsync(since, filter, cancellationToken))
        {
            foreach (var one in LifecycleEvents.Of(record).Where(one => one.Time >= since && filter.Matches(one)))
            {
                newest.Enqueue(one, one.Time);
                if (newest.Count > MostPast)
                {
                    newest.Dequeue();
                    isWhole = false;
                }
            }
        }

        // A page may hold a record again that the page before ended with.
        return ([.. newest.UnorderedItems.Select(item => item.Element).DistinctBy(one => (one.SandboxId, one.Version))
            .OrderBy(one => one.Time).ThenBy(one => one.Version)], isWhole);
    }

    /// <summary>Every record of the caller's in which such an event may be.</summary>
    private async IAsyncEnumerable<SandboxInstance> RecordsAsync(
        DateTimeOffset since, EventFilter filter, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (filter.SandboxId is { } only)
        {
            if (SandboxId.TryParse(only, null, out var id) && await records.FindAsync(id, cancellationToken) is { } record)
            {
                yield return record;
            }

            yield break;
        }

        var fields = new Dictionary<string, string>();
        if (filter.Image is { } image)
        {
            fields.Add("image", image);
        }

        if (filter.Tenant is { } tenant)
        {
            fields.Add("tenant", tenant);
        }

        foreach (var deletedSince in (DateTimeOffset?[])[null, since])
        {
            for (var (page, isLast) = (1, false); !isLast; page++)
            {
                var found = await records.ListAsync(
                    new SandboxQuery([], fields, page, PageSize) { DeletedSince = deletedSince, IsBrief = true }, cancellationToken);
                foreach (var record in found.Items)
                {
                    yield return record;
                }

                isLast = found.Items.Count < PageSize;
            }
        }
    }
}
