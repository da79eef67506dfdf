using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Internal;

namespace Sandbox.Api.Caching;

/// <summary>A cache of bounded size whose entries are kept for a fixed time after the question that they answer was asked. Where it
/// is full, a new entry is not kept, and the least recently used ones make way for the next.</summary>
internal sealed class TtlCache<TValue> : IDisposable
{
    private readonly TimeSpan _keepFor;
    private readonly PostEvictionDelegate? _onRemoved;
    private readonly MonotonicClock _clock;
    private readonly MemoryCache _entries;

    /// <param name="limit">Entries.</param>
    /// <param name="onRemoved">Told, soon after and on another thread, of each entry that was replaced, removed or not kept.</param>
    public TtlCache(TimeSpan keepFor, int limit, TimeProvider time, Action<TValue>? onRemoved = null)
    {
        _keepFor = keepFor;
        _onRemoved = onRemoved is null ? null : (_, value, _, _) => onRemoved((TValue)value!);
        _clock = new MonotonicClock(time);
        _entries = new MemoryCache(new MemoryCacheOptions { Clock = _clock, SizeLimit = limit });
    }

    public int Count => _entries.Count;

    public bool TryGet(string key, out TValue? value) => _entries.TryGetValue(key, out value);

    /// <param name="asked">Timestamp from before the question: what changed while it was answered must not be kept for longer.</param>
    public void Set(string key, TValue value, long asked)
    {
        using var entry = _entries.CreateEntry(key);
        entry.Value = value;
        entry.Size = 1;
        entry.AbsoluteExpiration = _clock.At(asked) + _keepFor;
        if (_onRemoved is not null)
        {
            entry.RegisterPostEvictionCallback(_onRemoved);
        }
    }

    public void Remove(string key) => _entries.Remove(key);

    public void Dispose() => _entries.Dispose();

    /// <summary>Time that nobody can set back: by the wall clock, an entry might be kept for as long as it was set back.</summary>
    private sealed class MonotonicClock(TimeProvider time) : ISystemClock
    {
        private readonly long _start = time.GetTimestamp();

        public DateTimeOffset UtcNow => At(time.GetTimestamp());

        public DateTimeOffset At(long timestamp) => DateTimeOffset.UnixEpoch + time.GetElapsedTime(_start, timestamp);
    }
}
