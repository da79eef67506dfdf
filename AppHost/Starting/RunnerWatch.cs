using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AppHost.Starting;

/// <summary>
/// Ends the stack when the <c>dotnet run</c> that started it was killed: it passes an orderly end on, but nobody passes on a kill.
/// </summary>
/// <param name="runner">The process that started this one, as it was when the AppHost began.</param>
internal sealed partial class RunnerWatch(Runner runner, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<RunnerWatch> logger)
    : EarlyBackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!runner.IsDotnetRun)
        {
            return;
        }

        using var ticks = new PeriodicTimer(Every, time);
        while (await ticks.WaitForNextTickAsync(stoppingToken))
        {
            if (Runner.Parent() != runner.Process)
            {
                Log.IsGone(logger);
                lifetime.StopApplication();
                return;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(9111, LogLevel.Warning, "The dotnet run that started this stack is gone: it ends")]
        public static partial void IsGone(ILogger logger);
    }
}
