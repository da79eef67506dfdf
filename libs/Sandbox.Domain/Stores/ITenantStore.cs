using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;

namespace Sandbox.Domain.Stores;

/// <summary>The tenants that may use the cluster, with what keys and how much. What a tenant uses is counted where the records are, in the
/// transaction that writes them (<see cref="ISandboxStore.TryCreateAsync"/> refuses what is over).</summary>
public interface ITenantStore
{
    /// <summary>Makes or changes a tenant.</summary>
    Task PutAsync(Tenant tenant, CancellationToken cancellationToken);

    Task<Tenant?> FindAsync(string name, CancellationToken cancellationToken);

    /// <summary>Which quota of its tenant this sandbox would exceed if it were started again now; null: none. It is told to the caller of
    /// a restart or a restore; what counts is the same check where the record is written
    /// (<see cref="ISandboxStore.TryTransitionAsync"/> then answers false).</summary>
    Task<SandboxError.QuotaExceeded?> CheckAsync(SandboxInstance resting, CancellationToken cancellationToken);

    /// <summary>All tenants, by name, with what they use now.</summary>
    Task<IReadOnlyList<TenantView>> ListAsync(CancellationToken cancellationToken);

    /// <summary>False: there is no such tenant.</summary>
    Task<bool> TryAddKeyAsync(ApiKey key, CancellationToken cancellationToken);

    /// <summary>False: there is no such key, or it was revoked before.</summary>
    Task<bool> TryRevokeKeyAsync(string keyId, CancellationToken cancellationToken);

    /// <summary>The key with this hash unless it is revoked or expired; null otherwise.</summary>
    Task<ApiKey?> FindKeyAsync(ReadOnlyMemory<byte> sha256, CancellationToken cancellationToken);

    /// <summary>All keys, revoked ones included, oldest first.</summary>
    Task<IReadOnlyList<ApiKey>> ListKeysAsync(CancellationToken cancellationToken);

    /// <summary>Whether there is any key that is not revoked.</summary>
    Task<bool> HasKeysAsync(CancellationToken cancellationToken);
}

/// <param name="Name">1 to 63 of a-z 0-9 and -, the first a letter or digit.</param>
public sealed record Tenant(string Name, TenantQuota Quota)
{
    /// <summary>The tenant that owns everything where no tenants were made.</summary>
    public const string Default = SandboxInstance.DefaultTenant;
}

/// <summary>Upper bounds; null: none.</summary>
/// <param name="Sandboxes">Pending and running at once.</param>
/// <param name="Cpus">Of these together, the most that each can take (<c>limit_cpus</c>).</param>
/// <param name="MemoryBytes">Of these together.</param>
/// <param name="CreatesPerMinute">Accepted creates within any calendar minute of the store's clock.</param>
/// <param name="TotalSandboxes">Of any state but deleted: the stopped and archived count, too. Only creates are refused for it.</param>
/// <param name="Gpus">Of the pending and running together.</param>
/// <param name="DiskBytes">The disk limits of all that are not archived, running or not, and the stored bytes of the archived. A sandbox
/// without a disk limit is refused.</param>
public sealed record TenantQuota(
    int? Sandboxes = null, double? Cpus = null, long? MemoryBytes = null, int? CreatesPerMinute = null, int? TotalSandboxes = null,
    int? Gpus = null, long? DiskBytes = null)
{
    public static TenantQuota None { get; } = new();
}

/// <summary>What a tenant uses now, counted as its quota is.</summary>
public sealed record TenantView(
    Tenant Tenant, int Sandboxes, double Cpus, long MemoryBytes, int TotalSandboxes, long Gpus, long DiskBytes);

/// <summary>A key as it is kept: its secret is known to its owner only.</summary>
/// <param name="Id">Public name of the key.</param>
/// <param name="Sha256">Of the secret's UTF-8 bytes.</param>
/// <param name="IsAdmin">May see and touch every tenant's, and manage tenants, keys and nodes.</param>
public sealed record ApiKey(
    string Id, string Tenant, string Note, ReadOnlyMemory<byte> Sha256, bool IsAdmin, DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt)
{
    /// <summary>Of <see cref="Permission.All"/>.</summary>
    public IReadOnlyList<string> Permissions { get; init; } = [];
}
