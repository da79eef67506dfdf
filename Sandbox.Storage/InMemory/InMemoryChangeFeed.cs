using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.InMemory;

/// <summary>Wake-ups inside one process. A change that is published after a subscription was made always completes it.</summary>
internal sealed class InMemoryChangeFeed : IChangeFeed
{
    private readonly Lock _lock = new();
    private readonly Dictionary<SandboxId, HashSet<Waiter>> _ofOne = [];
    private readonly HashSet<Waiter> _ofAll = [];

    /// <summary>Subscriptions that are neither woken nor disposed.</summary>
    internal int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _ofAll.Count + _ofOne.Values.Sum(waiters => waiters.Count);
            }
        }
    }

    public void Publish(SandboxId id)
    {
        Waiter[] woken;
        lock (_lock)
        {
            woken = _ofOne.Remove(id, out var waiters) ? [.. waiters, .. _ofAll] : [.. _ofAll];
            _ofAll.Clear();
        }

        foreach (var waiter in woken)
        {
            waiter.Wake();
        }
    }

    public ChangeSubscription Subscribe(SandboxId id)
    {
        lock (_lock)
        {
            if (!_ofOne.TryGetValue(id, out var waiters))
            {
                _ofOne.Add(id, waiters = []);
            }

            return Add(waiters, new Waiter(this, id));
        }
    }

    public ChangeSubscription SubscribeAll()
    {
        lock (_lock)
        {
            return Add(_ofAll, new Waiter(this, id: null));
        }
    }

    private static ChangeSubscription Add(HashSet<Waiter> waiters, Waiter waiter)
    {
        waiters.Add(waiter);
        return new ChangeSubscription(waiter.Changed, waiter);
    }

    private void Forget(Waiter waiter, SandboxId? id)
    {
        lock (_lock)
        {
            if (id is not { } one)
            {
                _ofAll.Remove(waiter);
            }
            else if (_ofOne.TryGetValue(one, out var waiters) && waiters.Remove(waiter) && waiters.Count == 0)
            {
                _ofOne.Remove(one);
            }
        }
    }

    private sealed class Waiter(InMemoryChangeFeed feed, SandboxId? id) : IDisposable
    {
        // A waiter's continuation must not run inside the writer that woke it.
        private readonly TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Changed => _changed.Task;

        public void Wake() => _changed.TrySetResult();

        public void Dispose() => feed.Forget(this, id);
    }
}
