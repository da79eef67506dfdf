using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Live;

/// <summary>Tenants and keys whose changes wake the readers that keep a copy of them.</summary>
internal sealed class AnnouncingTenantStore(ITenantStore tenants, IChangeFeed feed) : ITenantStore
{
    public async Task PutAsync(Tenant tenant, CancellationToken cancellationToken)
    {
        await tenants.PutAsync(tenant, cancellationToken);
        feed.PublishAccess();
    }

    public Task<Tenant?> FindAsync(string name, CancellationToken cancellationToken) => tenants.FindAsync(name, cancellationToken);

    public Task<SandboxError.QuotaExceeded?> CheckAsync(SandboxInstance resting, CancellationToken cancellationToken) =>
        tenants.CheckAsync(resting, cancellationToken);

    public Task<IReadOnlyList<TenantView>> ListAsync(CancellationToken cancellationToken) => tenants.ListAsync(cancellationToken);

    public async Task<bool> TryAddKeyAsync(ApiKey key, CancellationToken cancellationToken) =>
        Announce(await tenants.TryAddKeyAsync(key, cancellationToken));

    public async Task<bool> TryRevokeKeyAsync(string keyId, CancellationToken cancellationToken) =>
        Announce(await tenants.TryRevokeKeyAsync(keyId, cancellationToken));

    public Task<ApiKey?> FindKeyAsync(ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken) =>
        tenants.FindKeyAsync(sha256, cancellationToken);

    public Task<IReadOnlyList<ApiKey>> ListKeysAsync(CancellationToken cancellationToken) => tenants.ListKeysAsync(cancellationToken);

    public Task<bool> HasKeysAsync(CancellationToken cancellationToken) => tenants.HasKeysAsync(cancellationToken);

    private bool Announce(bool changed)
    {
        if (changed)
        {
            feed.PublishAccess();
        }

        return changed;
    }
}
