using Sandbox.Worker.Agents;

namespace Sandbox.Worker.Upkeep;

/// <summary>Runs the two regular looks. A round that fails is logged, and the next one comes.</summary>
internal sealed partial class UpkeepLoop(
    Reconciler reconciler, DeadlineScan deadlines, UpkeepWake wake, AgentLinks links, TimeProvider time, ILogger<UpkeepLoop> logger)
    : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(5);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(ReconcileAsync(stoppingToken), ScanAsync(stoppingToken), ListenAsync(stoppingToken));

    private async Task ReconcileAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await TryAsync(reconciler.RunAsync, stoppingToken);
            await wake.WaitAsync(Every, time, stoppingToken);
        }
    }

    private async Task ScanAsync(CancellationToken stoppingToken)
    {
        using var ticks = new PeriodicTimer(Every, time);
        do
        {
            await TryAsync(deadlines.RunAsync, stoppingToken);
        }
        while (await ticks.WaitForNextTickAsync(stoppingToken));
    }

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        await foreach (var _ in links.Lost.ReadAllAsync(stoppingToken))
        {
            wake.Wake();
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task> round, CancellationToken stoppingToken)
    {
        try
        {
            await round(stoppingToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            Log.RoundFailed(logger, Every, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4251, LogLevel.Error, "A round of upkeep failed, the next one comes within {Every}")]
        public static partial void RoundFailed(ILogger logger, TimeSpan every, Exception exception);
    }
}
