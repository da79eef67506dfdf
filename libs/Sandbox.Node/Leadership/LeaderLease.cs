using Sandbox.Node.Leases;

namespace Sandbox.Node.Leadership;

/// <summary>
/// The head's lease: this process is the head while it holds the lease of that name. Every worker that may be the head asks for it all
/// the time, so that when the head dies another is found within seconds; the epoch that each of the head's writes carries refuses those
/// of an earlier head.
/// </summary>
internal sealed partial class LeaderLease(ILeaderElection election, TimeProvider time, ILogger<LeaderLease> logger) : BackgroundService,
ILeaderLease
{
    internal static readonly TimeSpan Length = TimeSpan.FromSeconds(2);
    internal static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(10);

    private readonly LeaseSlot _slot = new();

    public LeaseToken? Current => _slot.Current;

    public Task<LeaseToken> WhenHeldAsync(CancellationToken cancellationToken) => _slot.WhenHeldAsync(cancellationToken);

    /// <summary>Gives it back, so that the next head need not wait.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        var held = _slot.Leave();
        await TryAsync(() => election.LeaveAsync(held?.Lease, cancellationToken));
    }

    public override void Dispose()
    {
        _slot.Dispose();
        base.Dispose();
    }

    /// <summary>One round: takes the lease if it is free, or renews it.</summary>
    internal async Task TakeOrRenewAsync(CancellationToken cancellationToken)
    {
        var asked = time.GetTimestamp();
        if (_slot.Held is { } held)
        {
            if (!held.IsHeld || !await election.TryKeepAsync(held.Lease, cancellationToken) || !held.TryRenew(asked))
            {
                _slot.Leave();
                Log.Lost(logger, held.Lease.Epoch);
                election.OnLost();
            }
        }
        else if (await election.TryTakeAsync(cancellationToken) is { } lease)
        {
            _slot.Take(new HeldLease(lease, election.Length, asked, time));
            Log.Taken(logger, lease.Epoch);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!await election.MayStandAsync(stoppingToken))
        {
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            var begun = time.GetTimestamp();
            await TryAsync(() => TakeOrRenewAsync(stoppingToken));

            // From round to round, however long one takes: the lease does not wait.
            var rest = election.Pause - time.GetElapsedTime(begun);
            await Task.Delay(rest > Least ? rest : Least, time, stoppingToken);
        }
    }

    private async Task TryAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.RoundFailed(logger, exception.Message);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4331, LogLevel.Information, "This process is the head of the cluster, epoch {Epoch}")]
        public static partial void Taken(ILogger logger, long epoch);

        [LoggerMessage(4332, LogLevel.Warning, "This process is not the head of the cluster any more (epoch {Epoch})")]
        public static partial void Lost(ILogger logger, long epoch);

        [LoggerMessage(4333, LogLevel.Warning, "The head's lease could not be asked for: {Reason}")]
        public static partial void RoundFailed(ILogger logger, string reason);
    }
}
