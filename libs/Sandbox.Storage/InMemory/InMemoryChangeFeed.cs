using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.InMemory;

/// <summary>Wake-ups inside one process. A change that is published after a subscription was made always completes it.</summary>
internal sealed class InMemoryChangeFeed : IChangeFeed
{
    // As many as a message of a cluster's feed can wait for.
    private const int MostCollected = 5_000;

    private readonly Lock _lock = new();
    private readonly HashSet<ChangeCollector> _collectors = [];
    private readonly Dictionary<SandboxId, HashSet<Waiter>> _ofOne = [];
    private readonly HashSet<Waiter> _ofAll = [];
    private readonly HashSet<Waiter> _ofAccess = [];
    private readonly HashSet<Waiter> _ofRollouts = [];

    /// <summary>Subscriptions that are neither woken nor disposed, and collectors.</summary>
    internal int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _collectors.Count + _ofAll.Count + _ofAccess.Count + _ofRollouts.Count
                    + _ofOne.Values.Sum(waiters => waiters.Count);
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
            foreach (var collector in _collectors)
            {
                collector.Add(id);
            }
        }

        Wake(woken);
    }

    public void PublishAccess() => WakeAll(_ofAccess);

    public void PublishRollouts() => WakeAll(_ofRollouts);

    /// <summary>Wakes every waiter: something may have been missed.</summary>
    public void WakeAll()
    {
        Waiter[] woken;
        lock (_lock)
        {
            woken = [.. _ofOne.Values.SelectMany(waiters => waiters), .. _ofAll, .. _ofAccess, .. _ofRollouts];
            _ofOne.Clear();
            _ofAll.Clear();
            _ofAccess.Clear();
            _ofRollouts.Clear();
            foreach (var collector in _collectors)
            {
                collector.Miss();
            }
        }

        Wake(woken);
    }

    public ChangeCollector Collect()
    {
        var collector = new ChangeCollector(MostCollected, Forget);
        lock (_lock)
        {
            _collectors.Add(collector);
        }

        return collector;
    }

    public ChangeSubscription Subscribe(SandboxId id)
    {
        lock (_lock)
        {
            if (!_ofOne.TryGetValue(id, out var waiters))
            {
                _ofOne.Add(id, waiters = []);
            }

            return Add(waiters, id);
        }
    }

    public ChangeSubscription SubscribeAll()
    {
        lock (_lock)
        {
            return Add(_ofAll, id: null);
        }
    }

    public ChangeSubscription SubscribeAccess()
    {
        lock (_lock)
        {
            return Add(_ofAccess, id: null);
        }
    }

    public ChangeSubscription SubscribeRollouts()
    {
        lock (_lock)
        {
            return Add(_ofRollouts, id: null);
        }
    }

    private void WakeAll(HashSet<Waiter> waiters)
    {
        Waiter[] woken;
        lock (_lock)
        {
            woken = [.. waiters];
            waiters.Clear();
        }

        Wake(woken);
    }

    private static void Wake(Waiter[] waiters)
    {
        foreach (var waiter in waiters)
        {
            waiter.Wake();
        }
    }

    private ChangeSubscription Add(HashSet<Waiter> waiters, SandboxId? id)
    {
        var waiter = new Waiter(this, waiters, id);
        waiters.Add(waiter);
        return new ChangeSubscription(waiter.Changed, waiter);
    }

    private void Forget(ChangeCollector collector)
    {
        lock (_lock)
        {
            _collectors.Remove(collector);
        }
    }

    private void Forget(Waiter waiter, HashSet<Waiter> waiters, SandboxId? id)
    {
        lock (_lock)
        {
            // A set that became empty is not used again: the next subscriber gets a new one.
            if (waiters.Remove(waiter) && waiters.Count == 0 && id is { } one && _ofOne.GetValueOrDefault(one) == waiters)
            {
                _ofOne.Remove(one);
            }
        }
    }

    private sealed class Waiter(InMemoryChangeFeed feed, HashSet<Waiter> among, SandboxId? id) : IDisposable
    {
        // A waiter's continuation must not run inside the writer that woke it.
        private readonly TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Changed => _changed.Task;

        public void Wake() => _changed.TrySetResult();

        public void Dispose() => feed.Forget(this, among, id);
    }
}
