using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Jobs;

/// <summary>A job that the node could take.</summary>
/// <param name="Waited">Since it was asked for.</param>
internal sealed record WaitingJob(
    long Id, string Tenant, bool IsStart, JobClass SlotClass, NodeCapacity Demand, string Image, TimeSpan Waited);

/// <summary>A start that waited for too long and does not fit the node's free capacity now.</summary>
internal sealed record BlockedStart(long Id, NodeCapacity Demand);

/// <summary>
/// Chooses which of the jobs that wait a node takes: the tenants in rotation, each one's oldest first, as many as fit together and have
/// a slot.
/// Which tenant is next, each process remembers for itself: a counter that all share would be a row that all wait for.
/// </summary>
internal sealed class FairShareScheduler
{
    // Starts that wait for less than this are equals: one whose image is there goes before one whose image is not.
    private static readonly TimeSpan SameAge = TimeSpan.FromSeconds(1);

    private const int Remembered = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, long> _served = [];
    private long _choices;

    /// <param name="blocked">The oldest of its kind; younger starts leave it the capacity that it waits for.</param>
    public IReadOnlyList<long> Choose(JobClaim claim, IEnumerable<WaitingJob> waiting, BlockedStart? blocked)
    {
        lock (_lock)
        {
            var chosen = new List<long>();
            var (free, slots) = (claim.FreeCapacity, claim.Slots.Copy());
            var queues = waiting.GroupBy(job => job.Tenant).ToDictionary(jobs => jobs.Key, jobs => Ordered(jobs, claim));
            while (chosen.Count < claim.Limit && queues.Count > 0)
            {
                var (tenant, queue) = queues.MinBy(entry => (_served.GetValueOrDefault(entry.Key), entry.Value.Peek().Id));
                var job = queue.Dequeue();
                if (queue.Count == 0)
                {
                    queues.Remove(tenant);
                }

                if ((!job.IsStart || (free.Fits(job.Demand) && LeavesCapacityFor(blocked, job, free)))
                    && slots.TryTake(job.SlotClass, tenant))
                {
                    chosen.Add(job.Id);
                    free = free.Without(job.Demand);
                    Remember(tenant);
                }
            }

            return chosen;
        }
    }

    private static Queue<WaitingJob> Ordered(IEnumerable<WaitingJob> jobs, JobClaim claim) => new(jobs
        .OrderBy(job => job.IsStart && job.Waited < SameAge && !claim.Images.Contains(job.Image))
        .ThenBy(job => job.Id));

    private static bool LeavesCapacityFor(BlockedStart? blocked, WaitingJob job, NodeCapacity free) =>
        blocked is null || job.Id < blocked.Id
        || (Leaves(free.Cpus, job.Demand.Cpus, blocked.Demand.Cpus)
            && Leaves(free.MemoryBytes, job.Demand.MemoryBytes, blocked.Demand.MemoryBytes)
            && Leaves(free.DiskBytes, job.Demand.DiskBytes, blocked.Demand.DiskBytes)
            && Leaves(free.Gpus, job.Demand.Gpus, blocked.Demand.Gpus));

    private static bool Leaves(double free, double taken, double needed) => taken == 0 || free - taken >= needed;

    private void Remember(string tenant)
    {
        if (_served.Count >= Remembered)
        {
            _served.Clear();
        }

        _served[tenant] = ++_choices;
    }
}
