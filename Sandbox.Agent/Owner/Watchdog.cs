using Sandbox.Agent.Activity;
using Sandbox.Agent.Processes;

namespace Sandbox.Agent.Owner;

/// <summary>
/// Ends the sandbox when no owner has been connected for the grace, so that nothing outlives the platform that started it.
/// An agent that listens was started by a person and goes on listening; only what runs in it is ended.
/// </summary>
internal sealed partial class Watchdog(
    AgentOptions options, OwnerPresence presence, ProcessEnding ending, TimeProvider time,
    AgentLifetime lifetime, ILogger<Watchdog> log) : BackgroundService
{
    private readonly Lock _gate = new();
    private TimeSpan _grace = options.Grace;
    private TaskCompletionSource _regraced = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>From now on this is the grace; zero: never.</summary>
    internal void SetGrace(TimeSpan grace)
    {
        TaskCompletionSource signal;
        lock (_gate)
        {
            _grace = grace;
            (signal, _regraced) = (_regraced, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        signal.SetResult();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var ended = false;
        while (true)
        {
            var changed = presence.Changed;
            var (grace, regraced) = Current();
            var absence = presence.Absence;
            ended = ended && absence is not null;
            if (absence is null || grace == TimeSpan.Zero || ended)
            {
                await Task.WhenAny(changed, regraced).WaitAsync(stoppingToken);
            }
            else if (absence < grace)
            {
                using var sleep = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                await Task.WhenAny(changed, regraced, Task.Delay(grace - absence.Value, time, sleep.Token));
                await sleep.CancelAsync();
                stoppingToken.ThrowIfCancellationRequested();
            }
            else
            {
                Log.OwnerGone(log, grace);
                ended = true;
                await EndAsync(stoppingToken);
            }
        }
    }

    private async Task EndAsync(CancellationToken cancellationToken)
    {
        if (options.Listen is null)
        {
            lifetime.Stop();
        }
        else
        {
            await ending.EndAllAsync(cancellationToken);
        }
    }

    private (TimeSpan Grace, Task Regraced) Current()
    {
        lock (_gate)
        {
            return (_grace, _regraced.Task);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1010, LogLevel.Warning, "No owner has been connected for {Grace}; everything in this sandbox is ended")]
        internal static partial void OwnerGone(ILogger logger, TimeSpan grace);
    }
}
