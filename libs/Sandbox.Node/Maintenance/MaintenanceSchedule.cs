using Microsoft.Extensions.Options;
using Sandbox.Contracts.Cluster;
using Sandbox.Storage;

namespace Sandbox.Node.Maintenance;

/// <summary>Begins the tasks of this node at their times. A time that comes while the task still runs is left out, and so is one that
/// passed while the process did not run.</summary>
internal sealed class MaintenanceSchedule(
    NodeMaintenance maintenance, CurrentOptions<MaintenanceOptions> options, IOptionsMonitor<MaintenanceOptions> changes, TimeProvider time)
    : BackgroundService
{
    /// <summary>No timer waits for longer than some weeks.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listening = changes.OnChange(_ => Volatile.Read(ref changed).TrySetResult());
        var since = time.GetUtcNow();
        while (true)
        {
            // Before the options are read: a change after that is seen.
            if (changed.Task.IsCompleted)
            {
                Volatile.Write(ref changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
            }

            var current = options.Value;
            var next = maintenance.Tasks.Select(task => current.NextAfter(task, since)).Min();
            await WaitAsync(next, changed.Task, stoppingToken);
            var now = time.GetUtcNow();
            if (!changed.Task.IsCompleted)
            {
                Begin(current, since, now);
            }

            since = now;
        }
    }

    private async Task WaitAsync(DateTimeOffset? until, Task changed, CancellationToken stoppingToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var wait = until - time.GetUtcNow() is { } left && left < LongestWait ? left : LongestWait;
        await Task.WhenAny(changed, Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, time, waiting.Token));
        await waiting.CancelAsync();
        stoppingToken.ThrowIfCancellationRequested();
    }

    private void Begin(MaintenanceOptions current, DateTimeOffset since, DateTimeOffset now)
    {
        foreach (var task in maintenance.Tasks.Where(task => current.NextAfter(task, since) <= now && !maintenance.IsRunning(task)))
        {
            // Its end is told by its run, and never by an exception.
            _ = maintenance.RunHereAsync(new MaintenanceOrder(Guid.NewGuid().ToString("N"), task, []), CancellationToken.None);
        }
    }
}
