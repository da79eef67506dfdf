using Microsoft.Extensions.Options;
using Sandbox.Domain.Stores;

namespace Sandbox.Node.Jobs;

/// <summary>Gives a claimed job back, to be tried again after a pause that doubles with each failure, until it is given up.</summary>
internal sealed partial class JobRetries(
    IJobStore jobs, FailedJobHandler failedJobs, IOptions<WorkerOptions> options, ILogger<JobRetries> logger)
{
    /// <returns>What came of this attempt, as metrics name it.</returns>
    public async Task<string> FailAsync(ClaimedJob claimed, Exception exception)
    {
        if (claimed.Attempt < options.Value.JobAttempts)
        {
            var pause = PauseAfter(claimed.Attempt);
            Log.Failed(logger, WorkerTelemetry.KindOf(claimed.Job), claimed.Job.SandboxId, claimed.Attempt, pause, exception);
            await ReleaseAsync(claimed, pause);
            return "failed";
        }

        Log.GivenUp(logger, WorkerTelemetry.KindOf(claimed.Job), claimed.Job.SandboxId, claimed.Attempt, exception);
        try
        {
            await failedJobs.DeadLetterAsync(claimed, exception);
            return "given up";
        }
        catch (Exception unwritten)
        {
            // The store fails as well: it is tried, and given up, again.
            Log.NotWritten(logger, claimed.Job.SandboxId, unwritten);
            return "failed";
        }
    }

    public async Task ReleaseAsync(ClaimedJob claimed, TimeSpan pause)
    {
        try
        {
            await jobs.TryReleaseAsync(claimed, pause, CancellationToken.None);
        }
        catch (Exception exception)
        {
            // The lease runs out by itself.
            Log.NotWritten(logger, claimed.Job.SandboxId, exception);
        }
    }

    private TimeSpan PauseAfter(int attempt)
    {
        var pause = options.Value.FirstJobPause * Math.Pow(2, Math.Min(attempt, 30) - 1);
        return pause < options.Value.LongestJobPause ? pause : options.Value.LongestJobPause;
    }

    private static partial class Log
    {
        [LoggerMessage(4111, LogLevel.Warning, "{Job} of sandbox {SandboxId} failed at attempt {Attempt}; again in {Pause}")]
        public static partial void Failed(
            ILogger logger, string job, Contracts.Ids.SandboxId sandboxId, int attempt, TimeSpan pause, Exception exception);

        [LoggerMessage(4114, LogLevel.Error, "{Job} of sandbox {SandboxId} failed at attempt {Attempt} and is given up")]
        public static partial void GivenUp(ILogger logger, string job, Contracts.Ids.SandboxId sandboxId, int attempt, Exception exception);

        [LoggerMessage(4115, LogLevel.Warning, "What came of a job of sandbox {SandboxId} could not be written; its lease runs out")]
        public static partial void NotWritten(ILogger logger, Contracts.Ids.SandboxId sandboxId, Exception exception);
    }
}
