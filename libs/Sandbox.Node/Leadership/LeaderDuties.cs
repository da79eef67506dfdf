using Sandbox.Node.Leases;

namespace Sandbox.Node.Leadership;

/// <summary>Runs the cluster's duties while this process is the head. A round that fails is logged, and the next one comes.</summary>
internal sealed partial class LeaderDuties(
    ILeaderLease lease, IEnumerable<IClusterDuty> duties, WorkerTelemetry telemetry, TimeProvider time, ILogger<LeaderDuties> logger)
    : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(duties.Select(duty => RepeatAsync(duty, stoppingToken)));

    private async Task RepeatAsync(IClusterDuty duty, CancellationToken stoppingToken)
    {
        using var ticks = new PeriodicTimer(duty.Every, time);
        LeaseToken? under = null;
        do
        {
            var token = await lease.WhenHeldAsync(stoppingToken);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, token.Ended);
            if (token != under && duty.LookOn > TimeSpan.Zero)
            {
                // Ends early, and without a fault, when another is the head by then.
                await Task.Delay(duty.LookOn, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            under = token;
            await TryAsync(duty, either.Token);
        }
        while (await ticks.WaitForNextTickAsync(stoppingToken));
    }

    private async Task TryAsync(IClusterDuty duty, CancellationToken cancellationToken)
    {
        var begun = time.GetTimestamp();
        try
        {
            await duty.RunAsync(cancellationToken);
            telemetry.OnDutyRan(duty.GetType().Name, "done", time.GetElapsedTime(begun));
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            telemetry.OnDutyRan(duty.GetType().Name, "failed", time.GetElapsedTime(begun));
            Log.DutyFailed(logger, duty.GetType().Name, duty.Every, exception);
        }
        catch (OperationCanceledException)
        {
            // Another is the head now, or the process ends.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4321, LogLevel.Error, "{Duty} failed, the next round comes within {Every}")]
        public static partial void DutyFailed(ILogger logger, string duty, TimeSpan every, Exception exception);
    }
}
