using System.Collections.Concurrent;

namespace Sandbox.Storage;

/// <summary>Whose turn it is to act on something: one at a time for each thing, and nobody waits for another thing's.</summary>
public sealed class KeyedLock<TKey>
    where TKey : struct
{
    private readonly ConcurrentDictionary<TKey, TaskCompletionSource> _taken = new();

    /// <summary>Waits for the turn; dispose the answer to give it back.</summary>
    public async ValueTask<IDisposable> EnterAsync(TKey key, CancellationToken cancellationToken)
    {
        var mine = new Turn(this, key);
        while (_taken.GetOrAdd(key, mine.Left) is var holder && holder != mine.Left)
        {
            await holder.Task.WaitAsync(cancellationToken);
        }

        return mine;
    }

    /// <summary>The turn, or null when somebody has it.</summary>
    public IDisposable? TryEnter(TKey key)
    {
        var mine = new Turn(this, key);
        return _taken.TryAdd(key, mine.Left) ? mine : null;
    }

    private sealed class Turn(KeyedLock<TKey> turns, TKey key) : IDisposable
    {
        public TaskCompletionSource Left { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Dispose()
        {
            if (turns._taken.TryRemove(KeyValuePair.Create(key, Left)))
            {
                Left.SetResult();
            }
        }
    }
}
