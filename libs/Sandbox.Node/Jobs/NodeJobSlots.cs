using Microsoft.Extensions.Options;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Stores;

namespace Sandbox.Node.Jobs;

/// <summary>The slots of this node and the jobs that hold them, each from its claim to its end.</summary>
internal sealed class NodeJobSlots(IOptions<WorkerOptions> options)
{
    private readonly Lock _lock = new();
    private readonly JobSlots _slots = new(options.Value.Concurrency);
    private readonly Dictionary<(long Id, int Attempt), JobClass> _held = [];
    private readonly List<SlotRequest> _waiting = [];
    private TaskCompletionSource _freed = NewSignal();

    /// <summary>A copy of what is held now.</summary>
    public JobSlots Current
    {
        get
        {
            lock (_lock)
            {
                return _slots.Copy();
            }
        }
    }

    /// <summary>Completes when the next slot gets free. Read before <see cref="Current"/>, it misses none.</summary>
    public Task Freed
    {
        get
        {
            lock (_lock)
            {
                return _freed.Task;
            }
        }
    }

    /// <summary>Takes the slot that the claim has found for a job; disposing the answer gives it back, whatever class it is of
    /// then.</summary>
    public IDisposable Take(ClaimedJob job)
    {
        lock (_lock)
        {
            _slots.Take(job.Job.SlotClass, job.Tenant);
            _held[KeyOf(job)] = job.Job.SlotClass;
        }

        return new Slot(this, job);
    }

    /// <summary>Exchanges the slot of a job for one of another class, and waits for that while its tenant has its share of them. The old
    /// one is held meanwhile, so that no tenant has more jobs than its shares, waiting or not. No effect on a job that holds none, as
    /// when something else than the job loop runs it.</summary>
    public async Task MoveAsync(ClaimedJob job, JobClass to, CancellationToken cancellationToken)
    {
        var request = new SlotRequest(job, to);
        lock (_lock)
        {
            if (!_held.TryGetValue(KeyOf(job), out var from) || from == to)
            {
                return;
            }

            if (TryMove(request))
            {
                OnFreed();
                return;
            }

            _waiting.Add(request);
        }

        try
        {
            await request.Done.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_lock)
            {
                _waiting.Remove(request);
            }
        }
    }

    private static (long Id, int Attempt) KeyOf(ClaimedJob job) => (job.Id, job.Attempt);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Release(ClaimedJob job)
    {
        lock (_lock)
        {
            if (_held.Remove(KeyOf(job), out var of))
            {
                _slots.Release(of, job.Tenant);
                OnFreed();
            }
        }
    }

    /// <summary>Called with the lock held.</summary>
    private bool TryMove(SlotRequest request)
    {
        if (!_held.TryGetValue(KeyOf(request.Job), out var from) || !_slots.TryTake(request.To, request.Job.Tenant))
        {
            return false;
        }

        _held[KeyOf(request.Job)] = request.To;
        _slots.Release(from, request.Job.Tenant);
        return true;
    }

    /// <summary>Called with the lock held, after a slot was given back: what waits in this process goes on, the oldest first.</summary>
    private void OnFreed()
    {
        while (_waiting.Find(TryMove) is { } moved)
        {
            _waiting.Remove(moved);
            moved.Done.SetResult();
        }

        _freed.SetResult();
        _freed = NewSignal();
    }

    private sealed class SlotRequest(ClaimedJob job, JobClass to)
    {
        public ClaimedJob Job => job;

        public JobClass To => to;

        public TaskCompletionSource Done { get; } = NewSignal();
    }

    private sealed class Slot(NodeJobSlots slots, ClaimedJob job) : IDisposable
    {
        public void Dispose() => slots.Release(job);
    }
}
