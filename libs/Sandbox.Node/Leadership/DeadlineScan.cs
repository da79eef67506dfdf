using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Node.Leases;
using Sandbox.Node.Reconciliation;

namespace Sandbox.Node.Leadership;

/// <summary>Does what records' own deadlines ask for: stops the idle and those at the end of their life, fails starts that never end,
/// deletes what was stopped long enough. Deadlines are absolute, so a late scan only acts later.</summary>
internal sealed partial class DeadlineScan(
    DutyRecords records, SandboxTransitions transitions, IActivities activities, TimeProvider time, ILogger<DeadlineScan> logger)
    : IClusterDuty
{
    private const int Batch = 200;
    private const int AtOnce = 16;

    public TimeSpan Every => TimeSpan.FromSeconds(5);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<SandboxInstance> due;
        var seen = new HashSet<(Contracts.Ids.SandboxId, long)>();
        var limit = 0;
        do
        {
            // What could not be acted on is due still and comes first again: it must not hide what comes after it.
            limit += Batch;
            due = await records.Store.DueAsync(time.GetUtcNow(), limit, cancellationToken);
            var fresh = due.Where(record => seen.Add((record.Id, record.Version))).ToList();

            await Parallel.ForEachAsync(
                fresh,
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
                async (record, token) => await TryActAsync(record, token));
        }
        while (due.Count == limit);
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
            await StopIfExpiredAsync(record, cancellationToken);
        }
        else if (transitions.MustWaitForAnArchive(record) is { } waiting)
        {
            await records.Store.TryUpdateFactsAsync(waiting, cancellationToken);
        }
        else if (transitions.Due(record, time.GetUtcNow()) is { } transition
            && await records.Store.TryTransitionAsync(transition, cancellationToken))
        {
            Log.Moved(logger, record.Id, record.State, transition.Next.State);
        }
    }

    /// <summary>At the end of its life, or of a fixed timeout, nobody is asked: neither its node nor its agent has a say in
    /// that.</summary>
    private async Task StopIfExpiredAsync(SandboxInstance record, CancellationToken cancellationToken)
    {
        if (!record.Spec.HasFixedTimeout && !(Deadlines.EndOfLife(record) <= time.GetUtcNow())
            && await IsUsedAsync(record, cancellationToken))
        {
            return;
        }

        if (transitions.Due(record, time.GetUtcNow()) is { } transition
            && await records.Store.TryTransitionAsync(transition, cancellationToken))
        {
            Log.Expired(logger, record.Id, Deadlines.NextOf(record));
        }
    }

    /// <summary>Whether it is to run on: it was used since its deadline was set, which is set anew, or its node does not say now. (If that
    /// is gone for good its sandboxes are lost, and not idle.)</summary>
    private async Task<bool> IsUsedAsync(SandboxInstance record, CancellationToken cancellationToken)
    {
        if (await activities.LastAsync(record, cancellationToken) is not { } last)
        {
            return true;
        }

        var now = time.GetUtcNow();
        var known = record.IdleDeadline - record.Spec.IdleTimeout ?? now;
        var expires = (last > known ? last : known) + record.Spec.IdleTimeout;
        if (expires <= now)
        {
            return false;
        }

        await records.Store.TryUpdateFactsAsync(record with { IdleDeadline = expires }, cancellationToken);
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(4241, LogLevel.Information, "Sandbox {SandboxId} is stopped: its deadline was {Deadline}")]
        public static partial void Expired(ILogger logger, Contracts.Ids.SandboxId sandboxId, DateTimeOffset? deadline);

        [LoggerMessage(4242, LogLevel.Information, "The deadline of sandbox {SandboxId} has passed: {From} to {To}")]
        public static partial void Moved(ILogger logger, Contracts.Ids.SandboxId sandboxId, SandboxState from, SandboxState to);

        [LoggerMessage(4243, LogLevel.Error, "The deadline of sandbox {SandboxId} could not be acted on; again in the next round")]
        public static partial void Failed(ILogger logger, Contracts.Ids.SandboxId sandboxId, Exception exception);
    }
}
