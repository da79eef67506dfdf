using Sandbox.Domain.Stores;

namespace Sandbox.Api.Serving;

/// <summary>Asks each second, and at each change by this process, what there is to do about models. Of several API processes, the one with
/// the lease does it.</summary>
internal sealed partial class ModelService(
    IModelStore models, ModelLease lease, ModelUsage usage, ModelReconciliation reconciliation, ModelChanges changes,
    ILogger<ModelService> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryAsync(() => lease.LeaveAsync(cancellationToken), cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not in the way of the process's start.
        await Task.Yield();
        while (true)
        {
            var changed = changes.Next;
            await TryAsync(() => LookAsync(stoppingToken), stoppingToken);
            await changes.WaitAsync(changed, Every, stoppingToken);
        }
    }

    private async Task LookAsync(CancellationToken stoppingToken)
    {
        var known = await models.ListAsync(stoppingToken);
        await usage.FlushAsync(known, stoppingToken);

        if (known.Count == 0 && reconciliation.IsClean)
        {
            // While there is nothing to look after, not even a lease is written.
            await lease.LeaveAsync(stoppingToken);
        }
        else if (await lease.TryHoldAsync(stoppingToken) is { } held)
        {
            reconciliation.Begin(known, held);
        }
    }

    private async Task TryAsync(Func<Task> step, CancellationToken cancellationToken)
    {
        try
        {
            await step();
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.LookFailed(logger, exception.Message);
        }
        catch (OperationCanceledException)
        {
            // The process ends.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(5713, LogLevel.Warning, "Models cannot be looked after now: {Reason}")]
        public static partial void LookFailed(ILogger logger, string reason);
    }
}
