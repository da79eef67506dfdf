using Sandbox.Contracts.Jobs;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Node.Jobs;

namespace Sandbox.Deployments.Archives;

/// <summary>Puts a sandbox away. Its container is removed only when the record says that the archive has everything.</summary>
internal sealed partial class ArchiveSandboxJobHandler(
    ISandboxStore store, IChangeFeed feed, SandboxTransitions transitions, SandboxContainers containers, ContainerArchive archives,
    TimeProvider time, ILogger<ArchiveSandboxJobHandler> logger) : JobHandler<ArchiveSandboxJob>
{
    protected override async Task RunAsync(ArchiveSandboxJob job, ClaimedJob claim, CancellationToken cancellationToken)
    {
        var record = await store.FindAsync(job.SandboxId, cancellationToken);
        if (record is { State: SandboxState.Archived } && record.Incarnation == job.Incarnation)
        {
            // An earlier attempt was ended between its last two steps.
            await containers.EnsureGoneAsync(record.Incarnation, record, cancellationToken);
            return;
        }

        if (record is not { State: SandboxState.Archiving } || record.Version != job.SandboxVersion
            || record.Incarnation != job.Incarnation)
        {
            return;
        }

        await using var watch = new RecordWatch(record, store, feed, time);
        using var wanted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, watch.Moved);
        using var reporter = new PhaseReporter(record, store, archives.Failures, time);
        try
        {
            var facts = await PutAwayAsync(record, reporter, wanted.Token);
            await DoneAsync(reporter.Record, facts, claim, cancellationToken);
        }
        catch (OperationCanceledException) when (watch.Moved.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // Its deadline has passed: the transition left a job that tidies up behind this one.
            Log.Unwanted(logger, record.Id);
        }
        catch (Exception exception)
            when (exception is ArchiveException or ArchiveStoreException or IOException or EngineException { Unreachable: false })
        {
            await FailAsync(reporter.Record, ContainerArchive.WhyFailed(reporter, exception), claim, cancellationToken);
        }
    }

    private async Task<ArchiveFacts> PutAwayAsync(SandboxInstance record, PhaseReporter reporter, CancellationToken cancellationToken)
    {
        await containers.EnsureStoppedAsync(record, cancellationToken);
        await archives.PutLogAsync(record, reporter, cancellationToken);
        return await archives.PutImageAsync(record, reporter, cancellationToken);
    }

    private async Task DoneAsync(SandboxInstance record, ArchiveFacts facts, ClaimedJob claim, CancellationToken cancellationToken)
    {
        if (transitions.ArchiveDone(record, facts, time.GetUtcNow()).TryGet(out var transition, out _)
            && await store.TryTransitionAsync(transition with { Claim = claim }, cancellationToken))
        {
            Log.Archived(logger, record.Id, facts.Bytes, facts.Location);
            await containers.EnsureGoneAsync(transition.Next.Incarnation, transition.Next, cancellationToken);
        }
    }

    private async Task FailAsync(SandboxInstance record, string reason, ClaimedJob claim, CancellationToken cancellationToken)
    {
        if (transitions.ArchiveFailed(record, PhaseStatus.Failed, reason, time.GetUtcNow()).TryGet(out var transition, out _)
            && await store.TryTransitionAsync(transition with { Claim = claim }, cancellationToken))
        {
            Log.Failed(logger, record.Id, reason);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4701, LogLevel.Information, "Sandbox {SandboxId} is archived: {Bytes} bytes in {Location}")]
        public static partial void Archived(ILogger logger, Contracts.Ids.SandboxId sandboxId, long bytes, string location);

        [LoggerMessage(4702, LogLevel.Warning, "Sandbox {SandboxId} could not be archived, its container is kept: {Reason}")]
        public static partial void Failed(ILogger logger, Contracts.Ids.SandboxId sandboxId, string reason);

        [LoggerMessage(4703, LogLevel.Warning, "The archive of sandbox {SandboxId} is given up, it moved on meanwhile")]
        public static partial void Unwanted(ILogger logger, Contracts.Ids.SandboxId sandboxId);
    }
}
