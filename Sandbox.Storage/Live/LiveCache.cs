using Sandbox.Contracts.Ids;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Live;

/// <summary>
/// Keeps the live entry (<c>alive:{id}</c>, <c>timeout:{id}</c>) beside the record. The record is always written first; the
/// entry holds declared fields only, whoever writes it.
/// </summary>
internal sealed class LiveCache(ILiveStore live, TimeProvider time)
{
    /// <summary>Merges what the record says over the entry, and makes the entry when it is missing.</summary>
    public async Task UpdateAsync(SandboxInstance record, CancellationToken cancellationToken)
    {
        var entry = await live.FindAsync(record.Id, cancellationToken) ?? LiveSnapshotJson.Read(record.LiveSnapshot);
        await SeedAsync(record, entry, cancellationToken);
    }

    /// <summary>archive_cache, first half: the live entry (or, where it has vanished, the last snapshot) with the final
    /// information merged over it. Whatever the caller knows, the record gets a complete snapshot.</summary>
    public async Task<SandboxInstance> WithSnapshotAsync(SandboxInstance read, SandboxInstance final, CancellationToken cancellationToken)
    {
        var entry = await live.FindAsync(final.Id, cancellationToken) ?? LiveSnapshotJson.Read(read.LiveSnapshot);
        return final with { LiveSnapshot = LiveSnapshotJson.Write(Merge(entry, LiveFields.Of(final))) };
    }

    /// <summary>archive_cache, second half, only after the record was written: evicts both keys.</summary>
    public Task EvictAsync(SandboxId id, CancellationToken cancellationToken) => live.RemoveAsync(id, cancellationToken);

    /// <summary>restore_cache: seeds both keys again from the record.</summary>
    public Task RestoreAsync(SandboxInstance record, CancellationToken cancellationToken) =>
        SeedAsync(record, LiveSnapshotJson.Read(record.LiveSnapshot), cancellationToken);

    private static IReadOnlyDictionary<string, object?> Merge(
        IReadOnlyDictionary<string, object?> entry, IReadOnlyDictionary<string, object?> over)
    {
        var merged = new Dictionary<string, object?>(entry, StringComparer.Ordinal);
        foreach (var (name, value) in over)
        {
            merged[name] = value;
        }

        return LiveFields.Pick(merged);
    }

    private async Task SeedAsync(
        SandboxInstance record, IReadOnlyDictionary<string, object?> entry, CancellationToken cancellationToken)
    {
        var expires = record.IdleDeadline ?? time.GetUtcNow() + record.Spec.IdleTimeout;
        await live.PutAsync(record.Id, Merge(entry, LiveFields.Of(record)), cancellationToken);
        await live.PutTimeoutAsync(record.Id, new LiveTimeout(record.Spec.IdleTimeout, expires), cancellationToken);
    }
}
