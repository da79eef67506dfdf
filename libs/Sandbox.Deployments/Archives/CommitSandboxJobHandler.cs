using Docker.DotNet.Models;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Jobs;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Stores;
using Sandbox.Node;
using Sandbox.Node.Jobs;

namespace Sandbox.Deployments.Archives;

/// <summary>Makes an image of a container under a name of the caller's and pushes it where the name says a registry. While it
/// pushes, a transition of the sandbox (a stop) goes first: the job queues itself again and goes on behind it.</summary>
internal sealed partial class CommitSandboxJobHandler(
    ISandboxStore records, ICommitStore commits, IChangeFeed feed, EngineConnection engine, IOptions<WorkerOptions> worker,
    TimeProvider time,
    ILogger<CommitSandboxJobHandler> logger) : JobHandler<CommitSandboxJob>
{
    /// <summary>ROCK's own limit.</summary>
    internal static readonly TimeSpan Longest = TimeSpan.FromHours(2);

    private const int LongestMessage = 4096;

    private readonly EngineArchives _archives = new(engine);
    private readonly EngineImages _images = new(engine);

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
            var timedOut = new Ending(124, null, "TIMEOUT", $"not done {Longest.TotalSeconds:0} s after it was asked for");
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
    private async Task<Ending?> MakeAsync(CommitSandboxJob job, CancellationToken cancellationToken)
    {
        if (ImageReference.Parse(job.ImageTag) is not { Digest: null, Repository.Length: > 0 } name)
        {
            return new Ending(12, "commit", "COMMIT_FAILED", $"'{job.ImageTag}' cannot be the name of a new image");
        }

        var record = await records.FindAsync(job.SandboxId, cancellationToken);
        if (await CommitAsync(job, name, cancellationToken) is { } failed)
        {
            return failed;
        }

        if (name.Registry is null)
        {
            return Ending.Good;
        }

        await using var watch = record is null ? null : new RecordWatch(record, records, feed, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, watch?.Moved ?? CancellationToken.None);
        try
        {
            return await PushAsync(job, name, either.Token);
        }
        catch (OperationCanceledException) when (watch?.Moved.IsCancellationRequested is true && !cancellationToken.IsCancellationRequested)
        {
            await commits.TryQueueAgainAsync(job with { IsMade = true }, cancellationToken);
            return null;
        }
    }

    private async Task<Ending?> CommitAsync(CommitSandboxJob job, ImageReference name, CancellationToken cancellationToken)
    {
        if (job.IsMade && await _images.IsPresentAsync(name, cancellationToken))
        {
            return null;
        }

        try
        {
            return await _archives.CommitAsync(ContainerName.Of(job.Incarnation, worker.Value), name, pause: true, cancellationToken)
                ? null
                : new Ending(12, "commit", "SANDBOX_CONTAINER_NOT_FOUND", "its container is gone");
        }
        catch (EngineException exception) when (!exception.Unreachable)
        {
            return new Ending(12, "commit", "COMMIT_FAILED", exception.Message);
        }
    }

    private async Task<Ending> PushAsync(CommitSandboxJob job, ImageReference name, CancellationToken cancellationToken)
    {
        var credentials = job.Username is { Length: > 0 } user
            ? new AuthConfig { Username = user, Password = job.Password ?? "", ServerAddress = name.Registry } : null;
        try
        {
            await _archives.PushAsync(name, credentials, cancellationToken);
            return Ending.Good;
        }
        catch (EngineException exception) when (!exception.Unreachable)
        {
            return IsRefusedLogin(exception.Message)
                ? new Ending(11, "login", "LOGIN_FAILED", exception.Message)
                : new Ending(13, "push", "PUSH_FAILED", exception.Message);
        }
    }

    private static bool IsRefusedLogin(string message) =>
        message.Contains("unauthorized", StringComparison.OrdinalIgnoreCase)
            || message.Contains("no basic auth credentials", StringComparison.OrdinalIgnoreCase);

    private async Task EndAsync(SandboxCommit ended)
    {
        var message = ended.ErrorMessage is { Length: > LongestMessage } long_ ? long_[^LongestMessage..] : ended.ErrorMessage;
        await commits.TryEndAsync(ended with { CompletedAt = time.GetUtcNow(), ErrorMessage = message }, CancellationToken.None);
        feed.Publish(ended.SandboxId);
        Log.Ended(logger, ended.SandboxId, ended.ImageTag, ended.ErrorCode ?? "done");
    }

    /// <param name="Code">Null: it has succeeded.</param>
    private sealed record Ending(int ExitCode, string? Stage, string? Code, string? Message)
    {
        public static Ending Good { get; } = new(0, null, null, null);
    }

    private static partial class Log
    {
        [LoggerMessage(4711, LogLevel.Information, "The commit of sandbox {SandboxId} as {ImageTag} has ended: {Outcome}")]
        public static partial void Ended(ILogger logger, Contracts.Ids.SandboxId sandboxId, string imageTag, string outcome);
    }
}
