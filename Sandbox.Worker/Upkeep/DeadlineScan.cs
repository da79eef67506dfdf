using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Worker.Agents;

namespace Sandbox.Worker.Upkeep;

/// <summary>Does what records' own deadlines ask for: stops the idle, fails starts that never end, deletes what was stopped
/// long enough. Deadlines are absolute, so a late scan only acts later.</summary>
internal sealed partial class DeadlineScan(
    ISandboxStore store, ISandboxOperator sandboxes, SandboxMoves moves, AgentGateway gateway, TimeProvider time, ILogger<DeadlineScan> logger)
{
    private const int Batch = 200;
    private const int AtOnce = 16;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<SandboxInstance> due;
        var seen = new HashSet<(Contracts.Ids.SandboxId, long)>();
        do
        {
            due = await store.DueAsync(time.GetUtcNow(), Batch, cancellationToken);
            var fresh = due.Where(record => seen.Add((record.Id, record.Version))).ToList();
            if (fresh.Count == 0)
            {
                return;
            }

            await Parallel.ForEachAsync(
                fresh,
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
                async (record, token) => await TryActAsync(record, token));
        }
        while (due.Count == Batch);
    }

    /// <summary>One that fails does not keep the others waiting; it is due again in the next round.</summary>
    private async Task TryActAsync(SandboxInstance record, CancellationToken cancellationToken)
    {
        try
        {
            await ActAsync(record, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.Failed(logger, record.Id, exception);
        }
    }

    private async Task ActAsync(SandboxInstance record, CancellationToken cancellationToken)
    {
        if (record.State is SandboxState.Running)
        {
            await StopIfIdleAsync(record, cancellationToken);
        }
        else if (moves.Due(record, time.GetUtcNow()) is { } move && await store.TryMoveAsync(move, cancellationToken))
        {
            Log.Moved(logger, record.Id, record.State, move.Next.State);
        }
    }

    private async Task StopIfIdleAsync(SandboxInstance record, CancellationToken cancellationToken)
    {
        var expires = await LastActivityAsync(record, cancellationToken) + record.Spec.IdleTimeout;
        if (expires > time.GetUtcNow())
        {
            await store.TryAmendAsync(record with { IdleDeadline = expires }, cancellationToken);
            return;
        }

        Log.Idle(logger, record.Id, record.IdleDeadline);
        await sandboxes.StopAsync(record.Id, StopReason.Expired, cancellationToken);
    }

    /// <summary>The latest of what the record, this process and the agent know; a call in flight is activity now.</summary>
    private async Task<DateTimeOffset> LastActivityAsync(SandboxInstance record, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var known = record.IdleDeadline - record.Spec.IdleTimeout ?? now;
        if (gateway.Find(record.Id) is not { } seat || seat.Sandbox.Incarnation != record.Incarnation)
        {
            return known;
        }

        if (seat.IsCalled)
        {
            return now;
        }

        var agents = seat.Link.IsConnected && (await seat.Link.StatusAsync(cancellationToken)).TryGet(out var status, out _)
            ? status.CallsInFlight > 0 ? now : now - TimeSpan.FromMilliseconds(Math.Clamp(status.IdleMilliseconds, 0, long.MaxValue / TimeSpan.TicksPerDay))
            : known;
        return new[] { known, seat.LastActivity, agents }.Max();
    }

    private static partial class Log
    {
        [LoggerMessage(4241, LogLevel.Information, "Sandbox {SandboxId} is idle since before {Deadline}, stopping it")]
        public static partial void Idle(ILogger logger, Contracts.Ids.SandboxId sandboxId, DateTimeOffset? deadline);

        [LoggerMessage(4242, LogLevel.Information, "The deadline of sandbox {SandboxId} has passed: {From} to {To}")]
        public static partial void Moved(ILogger logger, Contracts.Ids.SandboxId sandboxId, SandboxState from, SandboxState to);

        [LoggerMessage(4243, LogLevel.Error, "The deadline of sandbox {SandboxId} could not be acted on; again in the next round")]
        public static partial void Failed(ILogger logger, Contracts.Ids.SandboxId sandboxId, Exception exception);
    }
}
