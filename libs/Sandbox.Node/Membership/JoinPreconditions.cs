using Sandbox.Node.Leadership;

namespace Sandbox.Node.Membership;

/// <summary>
/// What has to be true before this node takes its name: its server listens, it is decided whether it may be the head, its engine was
/// asked, and no node that is part of the cluster already refuses its secret; a secret that is refused ends the process.
/// </summary>
internal sealed partial class JoinPreconditions(
    ILeaderElection election, NodeHealth health, PeerSecretCheck peers, FatalExit end, IHostApplicationLifetime lifetime,
    TimeProvider time, ILogger<JoinPreconditions> logger)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(250);

    /// <summary>Waits until they are met. False: they never are, and the process ends.</summary>
    public async Task<bool> AwaitAsync(CancellationToken stoppingToken)
    {
        await StartedAsync(stoppingToken);
        await election.MayStandAsync(stoppingToken);
        await health.FirstLook.WaitAsync(stoppingToken);
        return await IsAcceptedByPeersAsync(stoppingToken);
    }

    /// <summary>The address is known, and others can come in, only once the server listens.</summary>
    private async Task StartedAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
    }

    private async Task<bool> IsAcceptedByPeersAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                var refused = await peers.WhyRefusedAsync(stoppingToken);
                if (refused is not null)
                {
                    end.Request(refused);
                }

                return refused is null;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                Log.NotAsked(logger, exception.Message);
            }

            await Task.Delay(AskAgain, time, stoppingToken);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4315, LogLevel.Warning, "The store does not say which nodes there are, so this one cannot come in yet: {Reason}")]
        public static partial void NotAsked(ILogger logger, string reason);
    }
}
