using System.Collections.Concurrent;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Cluster;

/// <summary>
/// Where each sandbox runs, as its record said when it was last read. An entry goes when its record changes, when a worker
/// says that it knows no such sandbox, and after a while in any case: wake-ups are hints.
/// </summary>
internal sealed class SandboxLocationCache(ISandboxStore records, IChangeFeed feed, TimeProvider time)
{
    private static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<SandboxId, Kept> _locations = new();

    /// <summary>From memory; null: it has to be looked up.</summary>
    public SandboxLocation? Find(SandboxId id) =>
        _locations.TryGetValue(id, out var kept) && !kept.Change.Changed.IsCompleted && time.GetElapsedTime(kept.At) < KeepFor
            ? kept.Place : null;

    public async Task<Result<SandboxLocation>> LookUpAsync(SandboxId id, CancellationToken cancellationToken)
    {
        // Before the record is read: a change in between makes the answer old at once, and not for ever.
        var change = feed.Subscribe(id);
        try
        {
            var found = Judge(id, await records.FindAsync(id, cancellationToken));
            if (found.TryGet(out var place, out _))
            {
                var kept = new Kept(place, change, time.GetTimestamp());
                change = null;
                Replace(id, kept);
            }

            return found;
        }
        finally
        {
            change?.Dispose();
        }
    }

    public void Forget(SandboxLocation place)
    {
        if (_locations.TryGetValue(place.Id, out var kept) && ReferenceEquals(kept.Place, place)
            && _locations.TryRemove(KeyValuePair.Create(place.Id, kept)))
        {
            kept.Change.Dispose();
        }
    }

    private static Result<SandboxLocation> Judge(SandboxId id, SandboxInstance? record) => record switch
    {
        null or { State: SandboxState.Deleted } => new SandboxError.NotFound(id.ToString()),
        { State: not SandboxState.Running } => new SandboxError.NotStarted(id, record.State.Name()),
        { HostName: null } => new SandboxError.AgentUnreachable(id, "its record names no node"),
        _ => new SandboxLocation(id, record.Incarnation, record.HostName),
    };

    private void Replace(SandboxId id, Kept kept)
    {
        _locations.AddOrUpdate(id, kept, (_, old) =>
        {
            old.Change.Dispose();
            return kept;
        });

        // A change removes its entry at once, so that what is not asked for any more does not stay.
        _ = kept.Change.Changed.ContinueWith(
            _ => Forget(kept.Place), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private sealed record Kept(SandboxLocation Place, ChangeSubscription Change, long At);
}

/// <summary>One incarnation on one node.</summary>
internal sealed record SandboxLocation(SandboxId Id, IncarnationId Incarnation, string Node);
