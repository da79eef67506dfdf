using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Archives;

/// <summary>There is nowhere to put archives. The transitions refuse before anything gets here; a job of an earlier
/// configuration may.</summary>
internal sealed class NoArchiveStore : IArchiveStore
{
    public Task PutAsync(string key, Stream content, CancellationToken cancellationToken) => throw Missing();

    public Task<bool> TryGetAsync(string key, Stream target, CancellationToken cancellationToken) => throw Missing();

    public Task DeleteAsync(string key, CancellationToken cancellationToken) => throw Missing();

    public Task<bool> ExistsAsync(string key, CancellationToken cancellationToken) => throw Missing();

    private static ArchiveStoreException Missing() => new("no archive store is configured (setting Archive:Store)");
}
