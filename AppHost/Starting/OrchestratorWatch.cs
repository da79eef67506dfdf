using System.Globalization;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AppHost.Starting;

/// <summary>Ends the AppHost when Aspire's orchestrator was killed: what it ran ends with it, and the AppHost would stay as a dashboard of
/// nothing.</summary>
internal sealed partial class OrchestratorWatch(
    StartOutcome outcome, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<OrchestratorWatch> logger)
    : EarlyBackgroundService
{
    private const int Misses = 3;

    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private static readonly string Monitored = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        int? orchestrator = null;
        var missed = 0;
        using var ticks = new PeriodicTimer(Every, time);
        while (Directory.Exists("/proc/self") && await ticks.WaitForNextTickAsync(stoppingToken))
        {
            // The process that is started first only starts the one that stays.
            var wasThere = orchestrator is not null || missed > 0;
            orchestrator = orchestrator is { } process && IsOrchestrator(process) ? process : Find();
            missed = wasThere && orchestrator is null ? missed + 1 : 0;
            if (missed >= Misses && !lifetime.ApplicationStopping.IsCancellationRequested)
            {
                Log.IsGone(logger);
                outcome.Failure = "Aspire's orchestrator (dcp) is gone.";
                lifetime.StopApplication();
                return;
            }
        }
    }

    private static int? Find() => Directory.GetDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process)
            ? process
            : (int?)null)
        .FirstOrDefault(process => process is { } id && IsOrchestrator(id));

    /// <summary>Whether it is the process that is told to outlive this one by no more than a moment.</summary>
    private static bool IsOrchestrator(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline").Split('\0') is [_, "start-apiserver", .. var arguments]
                && Array.IndexOf(arguments, "--monitor") is >= 0 and var at && arguments.ElementAtOrDefault(at + 1) == Monitored;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // it ended while it was looked at
        }
    }

    private static partial class Log
    {
        [LoggerMessage(9141, LogLevel.Warning, "Aspire's orchestrator (dcp) is gone: the stack ends")]
        public static partial void IsGone(ILogger logger);
    }
}
