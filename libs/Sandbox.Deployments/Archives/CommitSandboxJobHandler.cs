using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Node.Jobs;

namespace Sandbox.Deployments.Archives;

/// <summary>Makes an image of a container under a name of the caller's and pushes it where the name says a registry. While it
/// pushes, a transition of the sandbox (a stop) goes first: the job queues itself again and goes on behind it.</summary>
internal sealed partial class CommitSandboxJobHandler(
    ISandboxStore records, ICommitStore commits, IChangeFeed feed, ContainerCommit container, TimeProvider time,
    ILogger<CommitSandboxJobHandler> logger) : JobHandler<CommitSandboxJob>
{
    /// <summary>ROCK's own limit.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromHours(2);

    private const int LongestMessage = 4096;

    protected override async Task RunAsync(CommitSandboxJob job, ClaimedJob claim, CancellationToken cancellationToken)
    {
        if (await commits.FindAsync(job.SandboxId, cancellationToken) is not { Phase: CommitPhase.Running } running
            || running.StartedAt != job.StartedAt)
        {
            return;
        }

        var left = running.StartedAt + Longest - time.GetUtcNow();
        using var deadline = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            if (await MakeAsync(job, limited.Token) is { } ended)
            {
                await EndAsync(running with
                {
                    Phase = ended.Code is null ? CommitPhase.Succeeded : CommitPhase.Failed,
                    ExitCode = ended.ExitCode,
                    FailedStage = ended.Stage,
                    ErrorCode = ended.Code,
                    ErrorMessage = ended.Message,
                });
            }
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            var timedOut = new CommitEnding(124, null, "TIMEOUT", $"not done {Longest.TotalSeconds:0} s after it was asked for");
            await EndAsync(
                running with
                {
                    Phase = CommitPhase.Failed,
                    ExitCode = timedOut.ExitCode,
                    ErrorCode = timedOut.Code,
                    ErrorMessage = timedOut.Message
                });
        }
    }

    /// <summary>Null: it goes on later.</summary>
    private async Task<CommitEnding?> MakeAsync(CommitSandboxJob job, CancellationToken cancellationToken)
    {
        if (ImageReference.WhyRefused(job.ImageTag) is { } reason)
        {
            return CommitEnding.Failed($"'{job.ImageTag}' {reason}");
        }

        if (ImageReference.Parse(job.ImageTag) is not { Digest: null } name)
        {
            return CommitEnding.Failed($"'{job.ImageTag}' cannot be the name of a new image");
        }

        if (await records.FindAsync(job.SandboxId, cancellationToken) is not { } record)
        {
            // Its tenant went with the record, and its container goes next.
            return new CommitEnding(12, "commit", "SANDBOX_CONTAINER_NOT_FOUND", "its container is gone");
        }

        var (failure, warning) = await container.MakeAsync(record, job, name, cancellationToken);
        if (failure is not null || name.Registry is null)
        {
            return failure ?? CommitEnding.Done(warning);
        }

        await using var watch = new RecordWatch(record, records, feed, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, watch.Moved);
        try
        {
            return await container.PushAsync(record, job, name, warning, either.Token);
        }
        catch (OperationCanceledException) when (watch.Moved.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            await commits.TryQueueAgainAsync(job with { IsMade = true }, cancellationToken);
            return null;
        }
    }

    private async Task EndAsync(SandboxCommit ended)
    {
        var message = ended.ErrorMessage is { Length: > LongestMessage } long_ ? long_[^LongestMessage..] : ended.ErrorMessage;
        await commits.TryEndAsync(ended with { CompletedAt = time.GetUtcNow(), ErrorMessage = message }, CancellationToken.None);
        feed.Publish(ended.SandboxId);
        Log.Ended(logger, ended.SandboxId, ended.ImageTag, ended.ErrorCode ?? "done");
    }

    private static partial class Log
    {
        [LoggerMessage(4711, LogLevel.Information, "The commit of sandbox {SandboxId} as {ImageTag} has ended: {Outcome}")]
        public static partial void Ended(ILogger logger, Contracts.Ids.SandboxId sandboxId, string imageTag, string outcome);
    }
}
