using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AppHost.Starting;

/// <summary>Ends the stack when the <c>dotnet run</c> that started it was killed: it passes an orderly end on, but nobody passes on a kill.</summary>
internal sealed partial class RunnerWatch(IHostApplicationLifetime lifetime, TimeProvider time, ILogger<RunnerWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var parent = Parent();
        if (!IsRunner(parent))
        {
            return;
        }

        using var ticks = new PeriodicTimer(Every, time);
        while (await ticks.WaitForNextTickAsync(stoppingToken))
        {
            if (Parent() != parent)
            {
                Log.IsGone(logger);
                lifetime.StopApplication();
                return;
            }
        }
    }

    /// <summary>Null: this system does not say.</summary>
    private static int? Parent()
    {
        const string Line = "PPid:";
        return File.Exists("/proc/self/status")
            ? int.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith(Line, StringComparison.Ordinal))[Line.Length..], System.Globalization.CultureInfo.InvariantCulture)
            : null;
    }

    private static bool IsRunner(int? process)
    {
        try
        {
            return process is { } id && File.ReadAllText($"/proc/{id}/cmdline").Split('\0') is [var program, "run", ..]
                && Path.GetFileNameWithoutExtension(program) is "dotnet";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(9111, LogLevel.Warning, "The dotnet run that started this stack is gone: it ends")]
        public static partial void IsGone(ILogger logger);
    }
}
