using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Node.Leases;

namespace Sandbox.Node.Jobs;

/// <summary>Claims jobs as far as there are slots for their class and tenant, while this process is its node, and runs them side by side.
/// Woken by changes, by the next due moment and by each slot that gets free, at its pace; the regular look makes good what a wake-up
/// missed.</summary>
internal sealed partial class JobLoop(
    NodeJobQueue queue, IChangeFeed feed, JobRunner runner, INodeLease lease, NodeJobSlots slots, TimeProvider time,
    ILogger<JobLoop> logger) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private readonly HashSet<Task> _running = [];
    private readonly ClaimPace _pace = new();
    private bool _isMoreExpected;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        LeaseToken? under = null;
        try
        {
            while (true)
            {
                var token = await lease.WhenHeldAsync(stoppingToken);
                using var change = feed.SubscribeAll();
                var freed = slots.Freed;
                DateTimeOffset? due = null;
                _isMoreExpected = false;
                if (token == under || await TryAsync(() => VoidEarlierClaimsAsync(stoppingToken)))
                {
                    under = token;
                    await TryAsync(async () => due = await ClaimAsync(token, stoppingToken));
                }

                await AwaitAsync(change, freed, due, stoppingToken);
                await _pace.RestAsync(stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll(_running);
        }
    }

    /// <summary>Claims of an earlier life of this node are void before anything else happens, and so are those from before it
    /// lost its lease: what ran under them has been told to stop.</summary>
    private async Task VoidEarlierClaimsAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_running);
        await queue.ReleaseEarlierClaimsAsync(cancellationToken);
    }

    private async Task<DateTimeOffset?> ClaimAsync(LeaseToken token, CancellationToken stoppingToken)
    {
        _running.RemoveWhere(job => job.IsCompleted);
        while (slots.Current is { Free: > 0 } offered)
        {
            var claimed = await queue.ClaimAsync(token, offered, stoppingToken);
            _pace.OnLooked(claimed.Count, offered.Free);
            foreach (var job in claimed)
            {
                var reservation = await queue.ReserveCapacityAsync(job, stoppingToken);
                var slot = slots.Take(job);
                _running.Add(Task.Run(() => RunAsync(job, slot, reservation, token, stoppingToken), CancellationToken.None));
            }

            if (claimed.Count < offered.Free)
            {
                // Where its class or tenant has no more slots now, a job tells of no other that could be claimed.
                var left = slots.Current;
                _isMoreExpected = claimed.Any(job => left.IsOpenTo(job.Job.SlotClass, job.Tenant));
                break;
            }
        }

        return _isMoreExpected || slots.Current.Free == 0 ? null : await queue.NextDueAsync(stoppingToken);
    }

    private async Task RunAsync(
        ClaimedJob job, IDisposable slot, IDisposable? reservation, LeaseToken token, CancellationToken stoppingToken)
    {
        using (slot)
        using (reservation)
        {
            await runner.RunAsync(job, token.Ended, stoppingToken);
        }
    }

    private async Task<bool> TryAsync(Func<Task> step)
    {
        try
        {
            await step();
            return true;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.ClaimFailed(logger, exception);
            return false;
        }
    }

    private async Task AwaitAsync(ChangeSubscription change, Task freed, DateTimeOffset? due, CancellationToken stoppingToken)
    {
        if (_isMoreExpected)
        {
            return;
        }

        var hasSlots = slots.Current.Free > 0;
        var pause = due - time.GetUtcNow() is { } left && left < LookEvery ? left : LookEvery;
        if (pause <= TimeSpan.Zero && hasSlots)
        {
            pause = TimeSpan.FromMilliseconds(1);
        }

        using var look = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var timer = Task.Delay(pause > TimeSpan.Zero ? pause : LookEvery, time, look.Token);
        // A node without slots is not woken by what others ask for.
        await Task.WhenAny(hasSlots ? [change.Changed, timer, freed] : [timer, freed]);
        await look.CancelAsync();

        // A store that fails does not say so, and the loop would go on without a pause until the host loses its patience.
        stoppingToken.ThrowIfCancellationRequested();
    }

    private static partial class Log
    {
        [LoggerMessage(4121, LogLevel.Error, "Jobs could not be claimed; next try soon")]
        public static partial void ClaimFailed(ILogger logger, Exception exception);
    }
}
