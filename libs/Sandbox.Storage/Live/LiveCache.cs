using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Live;

/// <summary>
/// Keeps the live entry (<c>alive:{id}</c>, <c>timeout:{id}</c>) beside the record. The record is always written first; the
/// entry holds declared fields only, whichever writer it has. Nothing here fails or waits when the live store cannot be reached.
/// </summary>
internal sealed class LiveCache(ILiveStore live, TimeProvider time)
{
    /// <summary>Merges what the record says over the entry, and makes the entry when it is missing.</summary>
    /// <param name="since">The version that the record had before; an older entry missed something and is not built upon.</param>
    public Task UpdateAsync(SandboxInstance record, long since, CancellationToken cancellationToken)
    {
        var expires = record.IdleDeadline ?? time.GetUtcNow() + record.Spec.IdleTimeout;
        return live.PutAsync(
            record.Id,
            new LiveWrite(
                since, record.Version, LiveFields.Of(record), LiveSnapshotJson.Read(record.LiveSnapshot),
                new LiveTimeout(record.Spec.IdleTimeout, expires)),
            cancellationToken);
    }

    /// <summary>archive_cache, first half: the live entry (or, where it has vanished, the last snapshot) with the final
    /// information merged over it. Whatever the caller knows, the record gets a complete snapshot.</summary>
    public async Task<SandboxInstance> WithSnapshotAsync(SandboxInstance read, SandboxInstance final, CancellationToken cancellationToken)
    {
        var entry = await live.FindAsync(final.Id, read.Version, cancellationToken) ?? LiveSnapshotJson.Read(read.LiveSnapshot);
        return final with { LiveSnapshot = LiveSnapshotJson.Write(LiveFields.Merge(entry, LiveFields.Of(final))) };
    }

    /// <summary>archive_cache, second half, only after the record was written: evicts both keys.</summary>
    public Task EvictAsync(SandboxInstance record, CancellationToken cancellationToken) =>
        live.RemoveAsync(record.Id, record.Version, cancellationToken);

    /// <summary>restore_cache: seeds both keys again from the record; what an earlier life left there is replaced.</summary>
    public Task RestoreAsync(SandboxInstance record, CancellationToken cancellationToken) =>
        UpdateAsync(record, since: record.Version, cancellationToken);
}
