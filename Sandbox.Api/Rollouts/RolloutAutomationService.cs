using Microsoft.Extensions.Options;
using Sandbox.Rollout;

namespace Sandbox.Api.Rollouts;

/// <summary>Runs schedules, waiting deployments and webhooks in a server that has a state folder. A server that never ran a rollout opens
/// nothing.</summary>
internal sealed partial class RolloutAutomationService(
    IOptions<RolloutOptions> options, IServiceProvider services, TimeProvider time, ILogger<RolloutAutomationService> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.StateFolder.Length == 0)
        {
            return;
        }

        using var timer = new PeriodicTimer(RolloutAutomation.LookEvery, time);
        do
        {
            try
            {
                if (Directory.Exists(options.Value.StateFolder))
                {
                    await services.GetRequiredService<RolloutAutomation>().RunAsync(stoppingToken);
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Its tools, its folder or its store may be there later.
                Log.NotRun(logger, exception);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static partial class Log
    {
        [LoggerMessage(5611, LogLevel.Warning, "Schedules and webhooks of rollouts cannot run yet")]
        public static partial void NotRun(ILogger logger, Exception exception);
    }
}
