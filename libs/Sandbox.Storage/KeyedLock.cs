using System.Collections.Concurrent;

namespace Sandbox.Storage;

/// <summary>A lock per key: one holder at a time for each key, and no caller waits for another key's.</summary>
public sealed class KeyedLock<TKey>
    where TKey : struct
{
    private readonly ConcurrentDictionary<TKey, TaskCompletionSource> _taken = new();

    /// <summary>Waits for the lock; dispose the answer to release it.</summary>
    public async ValueTask<IDisposable> EnterAsync(TKey key, CancellationToken cancellationToken)
    {
        var mine = new Entry(this, key);
        while (_taken.GetOrAdd(key, mine.Left) is var holder && holder != mine.Left)
        {
            await holder.Task.WaitAsync(cancellationToken);
        }

        return mine;
    }

    /// <summary>The lock, or null when another caller has it.</summary>
    public IDisposable? TryEnter(TKey key)
    {
        var mine = new Entry(this, key);
        return _taken.TryAdd(key, mine.Left) ? mine : null;
    }

    private sealed class Entry(KeyedLock<TKey> owner, TKey key) : IDisposable
    {
        public TaskCompletionSource Left { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Dispose()
        {
            if (owner._taken.TryRemove(KeyValuePair.Create(key, Left)))
            {
                Left.SetResult();
            }
        }
    }
}
