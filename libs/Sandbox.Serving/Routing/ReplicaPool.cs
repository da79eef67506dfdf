using System.Buffers;
using System.Collections.Immutable;

namespace Sandbox.Serving.Routing;

/// <summary>The replicas of one model, and the requests that wait for one of them in the order of their arrival. While there is no
/// replica, as before a model is started by its first request, they wait as well. For any thread.</summary>
public sealed class ReplicaPool(RoutingOptions options, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan ShortestRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly List<ReplicaEntry> _replicas = [];
    private readonly LinkedList<WaitingRequest> _waiting = [];
    private TimeSpan _usualTime = ShortestRetry;
    private uint _turn;
    private bool _isClosed;

    /// <summary>How many requests wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Whether a replica can take a request now.</summary>
    public bool CanTake
    {
        get
        {
            lock (_lock)
            {
                return _replicas.Exists(entry => entry.CanTake(options.MostOutstanding));
            }
        }
    }

    /// <summary>How many requests each replica has, by its id.</summary>
    public ImmutableDictionary<string, int> Outstanding
    {
        get
        {
            lock (_lock)
            {
                return _replicas.ToImmutableDictionary(entry => entry.Replica.Id, entry => entry.Outstanding);
            }
        }
    }

    /// <summary>Adds a replica. One of the same id that is there is drained.</summary>
    public void Add(Replica replica)
    {
        lock (_lock)
        {
            Retire(replica.Id);
            _replicas.Add(new(replica, new(options, time)));
            ServeWaiting();
        }
    }

    /// <summary>Sends a replica no more requests. Completes when it has ended those that it has, and at once for an unknown one.</summary>
    public Task DrainAsync(string id, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return Retire(id).WaitAsync(cancellationToken);
        }
    }

    /// <summary>Takes note of what a health check found.</summary>
    public void ReportHealth(string id, RequestOutcome outcome)
    {
        lock (_lock)
        {
            if (_replicas.Find(entry => entry.Replica.Id == id) is { } entry)
            {
                Report(entry, outcome);
                ServeWaiting();
            }
        }
    }

    /// <summary>A place at a replica, at once or after a wait within the bounds.</summary>
    /// <param name="excluded">Ids of replicas on which this request has failed before its first byte.</param>
    public async Task<AcquireOutcome> AcquireAsync(
        AffinityKey? affinity, ImmutableHashSet<string> excluded, CancellationToken cancellationToken)
    {
        var request = new WaitingRequest(affinity, excluded);
        lock (_lock)
        {
            var node = _waiting.AddLast(request);
            ServeWaiting();
            if (!request.Lease.IsCompleted && CannotWait(request) is { } refusal)
            {
                _waiting.Remove(node);
                return refusal;
            }
        }

        try
        {
            var lease = await request.Lease.WaitAsync(options.LongestWait, time, cancellationToken);
            return lease is not null ? new AcquireOutcome.Acquired(lease) : new AcquireOutcome.Unavailable(RetryAfter());
        }
        catch (TimeoutException)
        {
            return Withdraw(request) is { } late ? new AcquireOutcome.Acquired(late) : new AcquireOutcome.Unavailable(RetryAfter());
        }
        catch (OperationCanceledException)
        {
            Withdraw(request)?.Dispose();
            throw;
        }
    }

    /// <summary>Refuses those who wait and come; what replicas have goes on to its end.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isClosed = true;
            _replicas.ForEach(entry => entry.TrialTimer?.Dispose());
            foreach (var request in _waiting)
            {
                request.Refuse();
            }

            _waiting.Clear();
        }
    }

    private AcquireOutcome? CannotWait(WaitingRequest request) =>
        _waiting.Count > options.MostWaiting ? new AcquireOutcome.QueueFull(RetryAfter())
        : _isClosed || (!request.Excluded.IsEmpty && _replicas.TrueForAll(entry => request.Excluded.Contains(entry.Replica.Id)))
            ? new AcquireOutcome.Unavailable(RetryAfter())
            : null;

    /// <summary>The lease that it got in the last moment, when it got one.</summary>
    private ReplicaLease? Withdraw(WaitingRequest request)
    {
        lock (_lock)
        {
            _waiting.Remove(request);
            return request.Lease.IsCompleted ? request.Lease.Result : null;
        }
    }

    private Task Retire(string id)
    {
        if (_replicas.Find(entry => entry.Replica.Id == id) is not { } entry)
        {
            return Task.CompletedTask;
        }

        entry.IsDraining = true;
        entry.TrialTimer?.Dispose();
        entry.CompleteWhenDrained();
        _replicas.Remove(entry);
        return entry.Drained.Task;
    }

    private void ServeWaiting()
    {
        for (var node = _isClosed ? null : _waiting.First; node is not null;)
        {
            if (!_replicas.Exists(entry => entry.CanTake(options.MostOutstanding)))
            {
                return;
            }

            var next = node.Next;
            if (Select(node.Value) is { } entry)
            {
                _waiting.Remove(node);
                node.Value.Serve(Lease(entry));
            }

            node = next;
        }
    }

    private ReplicaEntry? Select(WaitingRequest request)
    {
        var loads = ArrayPool<ReplicaLoad>.Shared.Rent(_replicas.Count);
        var candidates = ArrayPool<ReplicaEntry>.Shared.Rent(_replicas.Count);
        try
        {
            var count = 0;
            foreach (var entry in _replicas)
            {
                if (entry.CanTake(options.MostOutstanding) && !request.Excluded.Contains(entry.Replica.Id))
                {
                    (candidates[count], loads[count]) = (entry, new(entry.Hash, entry.Outstanding));
                    count++;
                }
            }

            return count == 0
                ? null
                : candidates[ReplicaSelector.Select(loads.AsSpan(0, count), request.Affinity, options.AffinitySlack, _turn++)];
        }
        finally
        {
            ArrayPool<ReplicaLoad>.Shared.Return(loads);
            ArrayPool<ReplicaEntry>.Shared.Return(candidates, clearArray: true);
        }
    }

    private ReplicaLease Lease(ReplicaEntry entry)
    {
        var (began, ejections, isTrial) = (time.GetTimestamp(), entry.Ejections, entry.Health.IsOnTrial);
        entry.Outstanding++;
        entry.Trials += isTrial ? 1 : 0;
        return new(entry.Replica, outcome =>
        {
            lock (_lock)
            {
                entry.Outstanding--;
                entry.Trials -= isTrial ? 1 : 0;
                entry.CompleteWhenDrained();
                // An average that the last requests decide most of.
                _usualTime += (time.GetElapsedTime(began) - _usualTime) / 8;
                // What began before an ejection says nothing of the replica since.
                Report(entry, entry.Ejections == ejections ? outcome : RequestOutcome.Abandoned);
                ServeWaiting();
            }
        });
    }

    private void Report(ReplicaEntry entry, RequestOutcome outcome)
    {
        if (!entry.Health.Report(outcome) || entry.IsDraining || _isClosed)
        {
            return;
        }

        entry.Ejections++;
        entry.TrialTimer?.Dispose();
        entry.TrialTimer = time.CreateTimer(
            _ =>
            {
                lock (_lock)
                {
                    ServeWaiting();
                }
            },
            null, entry.Health.TimeUntilTrial, Timeout.InfiniteTimeSpan);
    }

    /// <summary>When a request that comes then probably finds a place: after those that wait, at the usual speed.</summary>
    private TimeSpan RetryAfter()
    {
        lock (_lock)
        {
            var places = Math.Max(1, (long)_replicas.Count * options.MostOutstanding);
            var wait = _usualTime * ((_waiting.Count + 1.0) / places);
            return wait < ShortestRetry ? ShortestRetry : wait < LongestRetry ? wait : LongestRetry;
        }
    }
}
