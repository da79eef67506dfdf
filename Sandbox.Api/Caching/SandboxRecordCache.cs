using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Caching;

/// <summary>
/// What is known of each sandbox, as its record said when it was last read. An entry goes when its record changes, when a worker
/// says that it knows no such sandbox, and after a while in any case: wake-ups are hints.
/// </summary>
internal sealed class SandboxRecordCache : IDisposable
{
    internal static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(1);

    private const int Limit = 20_000;

    private readonly ISandboxStore _records;
    private readonly IChangeFeed _feed;
    private readonly TimeProvider _time;
    private readonly TtlCache<Kept> _kept;

    public SandboxRecordCache(ISandboxStore records, IChangeFeed feed, TimeProvider time)
    {
        (_records, _feed, _time) = (records, feed, time);
        _kept = new TtlCache<Kept>(KeepFor, Limit, time, static kept => kept.Change.Dispose());
    }

    /// <summary>From memory; null: it has to be looked up.</summary>
    public KnownSandbox? Find(SandboxId id) =>
        _kept.TryGet(id.ToString(), out var kept) && !kept!.Change.Changed.IsCompleted ? kept.Sandbox : null;

    /// <summary>From the record, as it is now; null: there is none.</summary>
    public async Task<KnownSandbox?> LookUpAsync(SandboxId id, CancellationToken cancellationToken)
    {
        var asked = _time.GetTimestamp();

        // Before the record is read: a change in between makes the answer old at once, and not for ever.
        var change = _feed.Subscribe(id);
        try
        {
            if (await _records.FindAsync(id, cancellationToken) is not { } record)
            {
                return null;
            }

            var kept = new Kept(new KnownSandbox(id, record.Tenant, record.State, record.Incarnation, record.HostName), change);
            change = null;
            Keep(kept, asked);
            return kept.Sandbox;
        }
        finally
        {
            change?.Dispose();
        }
    }

    /// <summary>What was believed of it turned out to be wrong. What was looked up since then stays.</summary>
    public void Forget(KnownSandbox sandbox)
    {
        if (_kept.TryGet(sandbox.Id.ToString(), out var kept) && ReferenceEquals(kept!.Sandbox, sandbox))
        {
            _kept.Remove(sandbox.Id.ToString());
        }
    }

    public void Dispose() => _kept.Dispose();

    private void Keep(Kept kept, long asked)
    {
        _kept.Set(kept.Sandbox.Id.ToString(), kept, asked);

        // A change removes its entry at once, so that what is not asked for any more does not stay.
        _ = kept.Change.Changed.ContinueWith(
            _ => Forget(kept.Sandbox), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private sealed record Kept(KnownSandbox Sandbox, ChangeSubscription Change);
}
