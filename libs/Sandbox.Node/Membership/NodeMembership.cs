using Microsoft.Extensions.Options;

namespace Sandbox.Node.Membership;

/// <summary>
/// This node's membership in the cluster: keeps its heartbeat going from the moment that it may join until everything that acts under it
/// has stopped. It stops acting by its own clock before any other process may think that it is gone. A name that another process keeps
/// ends the process.
/// </summary>
internal sealed class NodeMembership(
    NodeHeartbeat heartbeat, JoinPreconditions preconditions, FatalExit end, IHostApplicationLifetime lifetime,
    IOptions<NodeOptions> options, TimeProvider time)
    : BackgroundService
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(250);

    /// <summary>After everything that acts under the lease has stopped.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await heartbeat.TryLeaveAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!await preconditions.AwaitAsync(stoppingToken))
        {
            return;
        }

        long? refusedSince = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            var refused = await heartbeat.TryBeatAsync(stoppingToken);
            refusedSince = refused is null ? null : refusedSince ?? time.GetTimestamp();

            // A process that was killed keeps the name until its lease ends; only one that lives keeps it for longer.
            if (refusedSince is { } since && !options.Value.StandsBy
                && time.GetElapsedTime(since) > options.Value.Lease + options.Value.Heartbeat)
            {
                end.Request(refused!.Text);
                return;
            }

            await PauseAsync(heartbeat.IsMember ? options.Value.Heartbeat : AskAgain, stoppingToken);
        }
    }

    /// <summary>That the process was told to end is told at once: until the APIs know, they send calls here.</summary>
    private async Task PauseAsync(TimeSpan pause, CancellationToken stoppingToken)
    {
        var toldToEnd = lifetime.ApplicationStopping.IsCancellationRequested ? CancellationToken.None : lifetime.ApplicationStopping;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, toldToEnd);
        try
        {
            await Task.Delay(pause, time, either.Token);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            // The next heartbeat says so.
        }
    }
}
