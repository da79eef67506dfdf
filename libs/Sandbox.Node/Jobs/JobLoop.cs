using Microsoft.Extensions.Options;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Node.Leases;

namespace Sandbox.Node.Jobs;

/// <summary>Claims jobs as far as there is capacity, while this process is its node, and runs them side by side. Woken by changes,
/// by the next due moment and by the end of each job, at its pace; the regular look makes good what a wake-up missed.</summary>
internal sealed partial class JobLoop(
    NodeJobQueue queue, IChangeFeed feed, JobRunner runner, INodeLease lease, IOptions<WorkerOptions> options, TimeProvider time,
    ILogger<JobLoop> logger) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private readonly HashSet<Task> _running = [];
    private readonly ClaimPace _pace = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        LeaseToken? under = null;
        try
        {
            while (true)
            {
                var token = await lease.WhenHeldAsync(stoppingToken);
                using var change = feed.SubscribeAll();
                DateTimeOffset? due = null;
                if (token == under || await TryAsync(() => VoidEarlierClaimsAsync(stoppingToken)))
                {
                    under = token;
                    await TryAsync(async () => due = await ClaimAsync(token, stoppingToken));
                }

                await AwaitAsync(change, due, stoppingToken);
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
        while (options.Value.Concurrency - _running.Count is > 0 and var limit)
        {
            var claimed = await queue.ClaimAsync(token, limit, stoppingToken);
            _pace.OnLooked(claimed.Count, limit);
            foreach (var job in claimed)
            {
                var reservation = await queue.ReserveCapacityAsync(job, stoppingToken);
                _running.Add(Task.Run(() => RunAsync(job, reservation, token, stoppingToken), CancellationToken.None));
            }

            if (claimed.Count < limit)
            {
                break;
            }
        }

        return _pace.IsMoreExpected ? null : await queue.NextDueAsync(stoppingToken);
    }

    private async Task RunAsync(ClaimedJob job, IDisposable? reservation, LeaseToken token, CancellationToken stoppingToken)
    {
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

    private async Task AwaitAsync(ChangeSubscription change, DateTimeOffset? due, CancellationToken stoppingToken)
    {
        var hasCapacity = _running.Count < options.Value.Concurrency;
        if (hasCapacity && _pace.IsMoreExpected)
        {
            return;
        }

        var pause = due - time.GetUtcNow() is { } left && left < LookEvery ? left : LookEvery;
        if (pause <= TimeSpan.Zero && hasCapacity)
        {
            pause = TimeSpan.FromMilliseconds(1);
        }

        using var look = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var timer = Task.Delay(pause > TimeSpan.Zero ? pause : LookEvery, time, look.Token);
        // A node without capacity is not woken by what others ask for.
        await Task.WhenAny(hasCapacity ? [change.Changed, timer, .. _running] : [timer, .. _running]);
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
