using Sandbox.Contracts.Ids;

namespace Sandbox.Domain.Stores;

/// <summary>
/// The fast copy: <c>alive:{id}</c> with the allowed fields only, and <c>timeout:{id}</c>. It may vanish at any time;
/// whoever misses something here reads the record.
/// </summary>
public interface ILiveStore
{
    /// <summary>Writes the live entry; anything that is not an allowed field is dropped.</summary>
    Task PutAsync(SandboxId id, IReadOnlyDictionary<string, object?> fields, CancellationToken cancellationToken);

    Task<IReadOnlyDictionary<string, object?>?> FindAsync(SandboxId id, CancellationToken cancellationToken);

    /// <summary>Sets <c>timeout:{id}</c>.</summary>
    Task PutTimeoutAsync(SandboxId id, LiveTimeout timeout, CancellationToken cancellationToken);

    Task<LiveTimeout?> FindTimeoutAsync(SandboxId id, CancellationToken cancellationToken);

    /// <summary>Evicts both keys.</summary>
    Task RemoveAsync(SandboxId id, CancellationToken cancellationToken);
}

/// <param name="IdleTimeout">The idle time that was asked for.</param>
/// <param name="ExpiresAt">When the sandbox is stopped if nothing happens.</param>
public sealed record LiveTimeout(TimeSpan IdleTimeout, DateTimeOffset ExpiresAt);
