using Microsoft.Extensions.Options;
using Sandbox.Domain.Stores;

namespace Sandbox.Worker.Jobs;

/// <summary>Claims jobs as far as there is room and runs them side by side. Woken by changes, by the next due moment and by
/// the end of each job; the regular look makes good what a wake-up missed.</summary>
internal sealed partial class JobLoop(
    IJobStore jobs, IChangeFeed feed, JobRunner runner, IOptions<WorkerOptions> options, TimeProvider time, ILogger<JobLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private readonly HashSet<Task> _running = [];

    /// <summary>Claims of an earlier life of this node are void before anything else happens.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await jobs.ReleaseAllOfAsync(options.Value.NodeName, cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                stoppingToken.ThrowIfCancellationRequested();
                using var change = feed.SubscribeAll();
                var due = await ClaimAsync(stoppingToken);
                await AwaitAsync(change, due, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await Task.WhenAll(_running);
        }
    }

    private async Task<DateTimeOffset?> ClaimAsync(CancellationToken stoppingToken)
    {
        try
        {
            _running.RemoveWhere(job => job.IsCompleted);
            while (options.Value.Concurrency - _running.Count is > 0 and var room)
            {
                var claimed = await jobs.ClaimAsync(new JobClaim(options.Value.NodeName, room, JobRunner.Lease), stoppingToken);
                _running.UnionWith(claimed.Select(job => Task.Run(() => runner.RunAsync(job, stoppingToken), CancellationToken.None)).ToList());
                if (claimed.Count == 0)
                {
                    break;
                }
            }

            return await jobs.NextDueAsync(stoppingToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.ClaimFailed(logger, exception);
            return null;
        }
    }

    private async Task AwaitAsync(ChangeSubscription change, DateTimeOffset? due, CancellationToken stoppingToken)
    {
        var pause = due - time.GetUtcNow() is { } left && left < LookEvery ? left : LookEvery;
        if (pause <= TimeSpan.Zero && _running.Count < options.Value.Concurrency)
        {
            pause = TimeSpan.FromMilliseconds(1);
        }

        using var look = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var timer = Task.Delay(pause > TimeSpan.Zero ? pause : LookEvery, time, look.Token);
        await Task.WhenAny([change.Changed, timer, .. _running]);
        await look.CancelAsync();
    }

    private static partial class Log
    {
        [LoggerMessage(4121, LogLevel.Error, "Jobs could not be claimed; next try soon")]
        public static partial void ClaimFailed(ILogger logger, Exception exception);
    }
}
