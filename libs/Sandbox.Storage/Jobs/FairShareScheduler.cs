using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Jobs;

/// <summary>A job that the node could take.</summary>
/// <param name="Waited">Since it was asked for.</param>
internal sealed record WaitingJob(long Id, string Tenant, bool IsStart, NodeCapacity Room, string Image, TimeSpan Waited);

/// <summary>A start that waited for too long and does not fit the node's room now.</summary>
internal sealed record BlockedStart(long Id, NodeCapacity Room);

/// <summary>
/// Which of the jobs that wait a node takes: the tenants take turns, each one's oldest first, as many as fit together.
/// Whose turn it is, each process remembers for itself: a counter that all share would be a row that all wait for.
/// </summary>
internal sealed class FairShareScheduler
{
    // Starts that wait for less than this are equals: one whose image is there goes before one whose image is not.
    private static readonly TimeSpan SameAge = TimeSpan.FromSeconds(1);

    private const int Remembered = 10_000;

    private readonly Lock _turn = new();
    private readonly Dictionary<string, long> _served = [];
    private long _turns;

    /// <param name="blocked">The oldest of its kind; younger starts leave it the room that it waits for.</param>
    public IReadOnlyList<long> Choose(JobClaim claim, IEnumerable<WaitingJob> waiting, BlockedStart? blocked)
    {
        lock (_turn)
        {
            var chosen = new List<long>();
            var room = claim.Room;
            var queues = waiting.GroupBy(job => job.Tenant).ToDictionary(jobs => jobs.Key, jobs => Ordered(jobs, claim));
            while (chosen.Count < claim.Limit && queues.Count > 0)
            {
                var (tenant, queue) = queues.MinBy(entry => (_served.GetValueOrDefault(entry.Key), entry.Value.Peek().Id));
                var job = queue.Dequeue();
                if (queue.Count == 0)
                {
                    queues.Remove(tenant);
                }

                if (!job.IsStart || (room.Fits(job.Room) && LeavesRoomFor(blocked, job, room)))
                {
                    chosen.Add(job.Id);
                    room = room.Without(job.Room);
                    Remember(tenant);
                }
            }

            return chosen;
        }
    }

    private static Queue<WaitingJob> Ordered(IEnumerable<WaitingJob> jobs, JobClaim claim) => new(jobs
        .OrderBy(job => job.IsStart && job.Waited < SameAge && !claim.Images.Contains(job.Image))
        .ThenBy(job => job.Id));

    private static bool LeavesRoomFor(BlockedStart? blocked, WaitingJob job, NodeCapacity room) =>
        blocked is null || job.Id < blocked.Id
        || (Leaves(room.Cpus, job.Room.Cpus, blocked.Room.Cpus)
            && Leaves(room.MemoryBytes, job.Room.MemoryBytes, blocked.Room.MemoryBytes)
            && Leaves(room.DiskBytes, job.Room.DiskBytes, blocked.Room.DiskBytes)
            && Leaves(room.Gpus, job.Room.Gpus, blocked.Room.Gpus));

    private static bool Leaves(double free, double taken, double needed) => taken == 0 || free - taken >= needed;

    private void Remember(string tenant)
    {
        if (_served.Count >= Remembered)
        {
            _served.Clear();
        }

        _served[tenant] = ++_turns;
    }
}
