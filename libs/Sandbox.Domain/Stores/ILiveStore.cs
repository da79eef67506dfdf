using Sandbox.Contracts.Ids;

namespace Sandbox.Domain.Stores;

/// <summary>
/// The fast copy: <c>alive:{id}</c> with the allowed fields only, and <c>timeout:{id}</c>. It may vanish at any time;
/// a reader that misses something here reads the record. A store that cannot be reached is an empty one: it finds nothing, and
/// drops what it is told. It never fails a caller, and never keeps one waiting for long.
/// <para>Everything in it carries the version of the record that it was written for. What is older never overwrites what is
/// newer, and is not found by a reader that asks for a newer version: so nothing stale is ever believed, whatever was lost, came
/// late or came back.</para>
/// </summary>
public interface ILiveStore
{
    /// <summary>Merges into the live entry and sets the timeout, in one step. Anything that is not an allowed field is dropped.
    /// Nothing happens when a later version was written or removed already.</summary>
    Task PutAsync(SandboxId id, LiveWrite write, CancellationToken cancellationToken);

    /// <summary>The live entry of this version of the record; null: there is none.</summary>
    Task<IReadOnlyDictionary<string, object?>?> FindAsync(SandboxId id, long version, CancellationToken cancellationToken);

    /// <summary>Sets <c>timeout:{id}</c>, unless a later version was written or removed already.</summary>
    Task PutTimeoutAsync(SandboxId id, long version, LiveTimeout timeout, CancellationToken cancellationToken);

    /// <summary>The timeout of this version of the record; null: there is none.</summary>
    Task<LiveTimeout?> FindTimeoutAsync(SandboxId id, long version, CancellationToken cancellationToken);

    /// <summary>Evicts both keys, unless a later version was written already. What was meant for an earlier one than
    /// <paramref name="version"/> and comes late is dropped.</summary>
    Task RemoveAsync(SandboxId id, long version, CancellationToken cancellationToken);
}

/// <param name="Since">An entry of an earlier version than this is another life's, and is replaced.</param>
/// <param name="Version">Of the record that is written down.</param>
/// <param name="Fields">Go over what is there.</param>
/// <param name="Seed">Lies below them where nothing is there.</param>
public sealed record LiveWrite(
    long Since, long Version, IReadOnlyDictionary<string, object?> Fields, IReadOnlyDictionary<string, object?> Seed, LiveTimeout Timeout);

/// <param name="IdleTimeout">The idle time that was asked for.</param>
/// <param name="ExpiresAt">When the sandbox is stopped if nothing happens.</param>
public sealed record LiveTimeout(TimeSpan IdleTimeout, DateTimeOffset ExpiresAt);
