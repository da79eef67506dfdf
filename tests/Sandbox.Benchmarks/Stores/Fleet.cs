using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Storage;

namespace Sandbox.Benchmarks.Stores;

/// <summary>Workers that claim jobs as nodes of a cluster do, each with connections of its own, and do nothing but the writes.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    private const int BatchLimit = 32;

    private readonly List<IHost> _hosts = [];
    private readonly List<Task> _workers = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly SandboxMoves _moves;
    private readonly ConcurrentDictionary<SandboxId, (long Begun, TaskCompletionSource<SandboxInstance> Running)> _lives = new();
    private readonly ConcurrentDictionary<(SandboxId, long), int> _claimed = new();
    private int _open;

    private Fleet(SandboxMoves moves) => _moves = moves;

    public ISandboxStore Records => _hosts[0].Services.GetRequiredService<ISandboxStore>();

    /// <summary>From before a create to its claim, milliseconds.</summary>
    public ConcurrentBag<double> Waits { get; } = [];

    public int Claims => _claimed.Count;

    public int DoubleClaims => _claimed.Count(claim => claim.Value > 1);

    public static async Task<Fleet> StartAsync(string postgres, string redis, int workers, SandboxMoves moves)
    {
        var fleet = new Fleet(moves);
        for (var worker = 0; worker <= workers; worker++)
        {
            var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
            builder.Services.AddClusterStorage(postgres, redis);
            var host = builder.Build();
            await host.StartAsync();
            fleet._hosts.Add(host);
        }

        foreach (var (host, number) in fleet._hosts.Skip(1).Select((host, index) => (host, index)))
        {
            var node = $"n{number}";
            var lease = await host.Services.GetRequiredService<ILeaseStore>().TryAcquireAsync(Lease.OfNode(node), node, TimeSpan.FromHours(1), CancellationToken.None)
                ?? throw new InvalidOperationException($"the lease of {node} is held");
            fleet._workers.Add(Task.Run(() => fleet.WorkAsync(host.Services, node, lease.Fence)));
        }

        return fleet;
    }

    public void Begin(SandboxId id)
    {
        Interlocked.Add(ref _open, 2);
        _lives[id] = (Stopwatch.GetTimestamp(), new TaskCompletionSource<SandboxInstance>(TaskCreationOptions.RunContinuationsAsynchronously));
    }

    /// <summary>Woken by the feed, as whoever waits for a start is.</summary>
    public async Task<SandboxInstance> UntilRunningAsync(SandboxId id)
    {
        var feed = _hosts[0].Services.GetRequiredService<IChangeFeed>();
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
        foreach (var host in _hosts)
        {
            await host.StopAsync();
            host.Dispose();
        }

        _stop.Dispose();
    }

    private async Task WorkAsync(IServiceProvider services, string node, Fence fence)
    {
        var (records, jobs, feed) = (services.GetRequiredService<ISandboxStore>(), services.GetRequiredService<IJobStore>(), services.GetRequiredService<IChangeFeed>());
        var running = new HashSet<Task>();
        while (!_stop.IsCancellationRequested)
        {
            using var change = feed.SubscribeAll();
            var claimed = await jobs.ClaimAsync(new JobClaim(node, BatchLimit, TimeSpan.FromSeconds(15)) { Fence = fence }, CancellationToken.None);
            foreach (var job in claimed)
            {
                _claimed.AddOrUpdate((job.Job.SandboxId, job.Job.SandboxVersion), 1, (_, times) => times + 1);
                running.Add(DoAsync(records, jobs, job, fence));
            }

            running.RemoveWhere(job => job.IsCompletedSuccessfully);
            if (claimed.Count == 0)
            {
                await Task.WhenAny(change.Changed, Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System));
            }
            else if (running.Count > BatchLimit)
            {
                await await Task.WhenAny(running);
            }
        }

        await Task.WhenAll(running);
    }

    private async Task DoAsync(ISandboxStore records, IJobStore jobs, ClaimedJob job, Fence fence)
    {
        if (job.Job is StartSandbox)
        {
            Waits.Add(Stopwatch.GetElapsedTime(_lives[job.Job.SandboxId].Begun).TotalMilliseconds);
            var record = await records.FindAsync(job.Job.SandboxId, CancellationToken.None);
            if (record is null || !SandboxMoves.Alive(record, TimeProvider.System.GetUtcNow()).TryGet(out var alive, out _)
                || !await records.TryMoveAsync(new SandboxMove(record, alive.Next with { HostName = fence.Lease["node/".Length..] }, null) { Fence = fence }, CancellationToken.None))
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
