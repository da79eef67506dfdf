using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;

namespace Sandbox.Benchmarks.Stores;

/// <summary>Workers that claim jobs as nodes of a cluster do, each with connections of its own, and do nothing but the writes.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private readonly StoreHosts _stores;
    private readonly FleetWork _work;
    private readonly List<Task> _workers = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<SandboxId, long> _lives = new();
    private readonly ConcurrentDictionary<(SandboxId, long), int> _claimed = new();
    private int _open;

    private Fleet(StoreHosts stores, FleetWork work) => (_stores, _work) = (stores, work);

    public ISandboxStore Records => _stores.First<ISandboxStore>();

    /// <summary>From before a create to its claim, milliseconds.</summary>
    public ConcurrentBag<double> Waits { get; } = [];

    public int Claims => _claimed.Count;

    public int DoubleClaims => _claimed.Count(claim => claim.Value > 1);

    /// <param name="work">Null: starts take no time, and there is capacity for a great many at once.</param>
    public static async Task<Fleet> StartAsync(string postgres, string redis, int workers, FleetWork? work = null)
    {
        var fleet = new Fleet(
            await StoreHosts.StartAsync(postgres, redis, workers + 1),
            work ?? new FleetWork(Places: 96, Batch: 32, StartTakes: TimeSpan.Zero));
        for (var number = 0; number < workers; number++)
        {
            var services = fleet._stores.Of(number + 1);
            var node = await NullNode.RegisterAsync(services.GetRequiredService<INodeStore>(), $"n{number}");
            fleet._workers.Add(Task.Run(() => node.LiveAsync(fleet._stop.Token)));
            fleet._workers.Add(Task.Run(() => fleet.WorkAsync(services, node.Name, node.Fence)));
        }

        return fleet;
    }

    public void Begin(SandboxId id)
    {
        Interlocked.Add(ref _open, 2);
        _lives[id] = Stopwatch.GetTimestamp();
    }

    /// <summary>Waits for the start, woken by the feed as any caller that waits for one.</summary>
    public async Task<SandboxInstance> UntilRunningAsync(SandboxId id)
    {
        var feed = _stores.First<IChangeFeed>();
        while (true)
        {
            using var change = feed.Subscribe(id);
            if (await Records.FindAsync(id, CancellationToken.None) is { State: SandboxState.Running } running)
            {
                return running;
            }

            await Task.WhenAny(change.Changed, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System));
        }
    }

    /// <summary>All jobs are done.</summary>
    public async Task IdleAsync()
    {
        while (Volatile.Read(ref _open) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
            if (_workers.Find(worker => worker.IsFaulted) is { } failed)
            {
                await failed;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_workers);
        await _stores.DisposeAsync();
        _stop.Dispose();
    }

    private async Task WorkAsync(IServiceProvider services, string node, Fence fence)
    {
        var (records, jobs, feed) =
            (services.GetRequiredService<ISandboxStore>(), services.GetRequiredService<IJobStore>(),
                services.GetRequiredService<IChangeFeed>());
        var (running, pace) = (new HashSet<Task>(), new ClaimPace());
        while (!_stop.IsCancellationRequested)
        {
            using var change = feed.SubscribeAll();
            var claimed = await jobs.ClaimAsync(
                new JobClaim(node, _work.Batch, TimeSpan.FromSeconds(15)) { Fence = fence }, CancellationToken.None);
            pace.OnLooked(claimed.Count, _work.Batch);
            foreach (var job in claimed)
            {
                _claimed.AddOrUpdate((job.Job.SandboxId, job.Job.SandboxVersion), 1, (_, times) => times + 1);
                running.Add(DoAsync(records, jobs, job, fence));
            }

            running.RemoveWhere(job => job.IsCompletedSuccessfully);
            if (!pace.IsMoreExpected)
            {
                await Task.WhenAny(change.Changed, Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System));
            }

            while (running.Count > _work.Places - _work.Batch)
            {
                await await Task.WhenAny(running);
                running.RemoveWhere(job => job.IsCompletedSuccessfully);
            }

            await pace.RestAsync(CancellationToken.None);
        }

        await Task.WhenAll(running);
    }

    private async Task DoAsync(ISandboxStore records, IJobStore jobs, ClaimedJob job, Fence fence)
    {
        if (job.Job is StartSandboxJob)
        {
            // What came in another way is not timed here.
            if (_lives.TryGetValue(job.Job.SandboxId, out var begun))
            {
                Waits.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }

            if (_work.StartTakes > TimeSpan.Zero)
            {
                await Task.Delay(_work.StartTakes, TimeProvider.System);
            }

            var record = await records.FindAsync(job.Job.SandboxId, CancellationToken.None);
            if (record is null || !SandboxTransitions.Alive(record, TimeProvider.System.GetUtcNow()).TryGet(out var alive, out _)
                || !await records.TryTransitionAsync(
                    new SandboxTransition(record, alive.Next with { HostName = fence.Lease["node/".Length..] }, null) { Fence = fence },
                    CancellationToken.None))
            {
                throw new InvalidOperationException($"{job.Job.SandboxId} did not come to run");
            }
        }

        if (!await jobs.TryCompleteAsync(job, CancellationToken.None))
        {
            throw new InvalidOperationException($"job {job.Id} was lost");
        }

        Interlocked.Decrement(ref _open);
    }
}

/// <summary>What each worker of a fleet does.</summary>
/// <param name="Places">Jobs at the same time.</param>
/// <param name="Batch">Claimed together, as soon as so many places are free.</param>
/// <param name="StartTakes">How long a start keeps its place.</param>
internal sealed record FleetWork(int Places, int Batch, TimeSpan StartTakes);
