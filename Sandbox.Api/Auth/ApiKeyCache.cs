using System.Security.Cryptography;
using System.Text;
using Sandbox.Api.Caching;
using Sandbox.Domain.Stores;

namespace Sandbox.Api.Auth;

/// <summary>
/// The keys of the store, each answer remembered for a moment: a wake-up about tenants and keys forgets them all at once,
/// and a lost one costs no more than <see cref="KeepFor"/>.
/// </summary>
internal sealed class ApiKeyCache(ITenantStore tenants, IChangeFeed feed, TimeProvider time) : IDisposable
{
    /// <summary>So long may a revoked key still be let in where no wake-up arrives.</summary>
    public static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(4);

    /// <summary>Keys that are remembered. What is no key is remembered apart, so that guesses cannot crowd out the keys.</summary>
    public const int Most = 4096;

    private Memory _memory = new(feed.SubscribeAccess(), time);
    private volatile bool _seenAny;

    internal int Remembered => _memory.Good.Count + _memory.Bad.Count;

    /// <summary>What is remembered of a secret: its key, or null for what is none. False: it has to be looked up.</summary>
    public bool TryRecall(string secret, out ApiKey? key)
    {
        var (name, memory) = (Convert.ToHexString(HashOf(secret)), Current());
        if (memory.Good.TryGet(name, out key) && !(key!.ExpiresAt <= time.GetUtcNow()))
        {
            return true;
        }

        key = null;
        return memory.Bad.TryGet(name, out _);
    }

    /// <summary>The key with this secret; null: there is none, or it was revoked or has expired.</summary>
    public async ValueTask<ApiKey?> FindAsync(string secret, CancellationToken cancellationToken)
    {
        var hash = HashOf(secret);
        var name = Convert.ToHexString(hash);
        var memory = Current();
        if (memory.Good.TryGet(name, out var kept) && !(kept!.ExpiresAt <= time.GetUtcNow()))
        {
            return kept;
        }

        if (memory.Bad.TryGet(name, out _))
        {
            return null;
        }

        var asked = time.GetTimestamp();
        var found = await tenants.FindKeyAsync(hash, cancellationToken);
        var key = found is not null && CryptographicOperations.FixedTimeEquals(found.Sha256.Span, hash) ? found : null;
        if (key is null)
        {
            memory.Bad.Set(name, false, asked);
            return null;
        }

        _seenAny = true;
        memory.Good.Set(name, key, asked);
        return key;
    }

    /// <summary>Whether the store has keys, or had one since this process began: revoking the last one opens nothing.</summary>
    public async ValueTask<bool> AnyAsync(CancellationToken cancellationToken)
    {
        if (_seenAny)
        {
            return true;
        }

        var memory = Current();
        if (memory.NoneAt is { } at && time.GetElapsedTime(at) < KeepFor)
        {
            return false;
        }

        var asked = time.GetTimestamp();
        var any = await tenants.HasKeysAsync(cancellationToken);
        memory.NoneAt = asked;
        return any && (_seenAny = true);
    }

    public void Dispose() => _memory.Dispose();

    private static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    /// <summary>A change makes a new memory; an answer that was asked for before it lands in the old one, which is not read any
    /// more.</summary>
    private Memory Current()
    {
        var memory = Volatile.Read(ref _memory);
        if (!memory.Change.Changed.IsCompleted)
        {
            return memory;
        }

        var fresh = new Memory(feed.SubscribeAccess(), time);
        var before = Interlocked.CompareExchange(ref _memory, fresh, memory);
        if (before == memory)
        {
            memory.Dispose();
            return fresh;
        }

        fresh.Dispose();
        return before;
    }

    private sealed class Memory(ChangeSubscription change, TimeProvider time) : IDisposable
    {
        private long _noneAt = -1;

        public ChangeSubscription Change { get; } = change;

        /// <summary>Keys, by their hash.</summary>
        public TtlCache<ApiKey> Good { get; } = new(KeepFor, Most, time);

        /// <summary>Hashes of what is no key.</summary>
        public TtlCache<bool> Bad { get; } = new(KeepFor, Most, time);

        /// <summary>When the store was last asked and had no key; null: never.</summary>
        public long? NoneAt
        {
            get => Volatile.Read(ref _noneAt) is >= 0 and var at ? at : null;
            set => Volatile.Write(ref _noneAt, value ?? -1);
        }

        /// <summary>Only the subscription: a call that began before the change may still look into the caches.</summary>
        public void Dispose() => Change.Dispose();
    }
}
