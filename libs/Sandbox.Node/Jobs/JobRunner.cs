using System.Diagnostics;
using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;
using Sandbox.Storage;

namespace Sandbox.Node.Jobs;

/// <summary>Runs one claimed job: keeps its lease, runs it under its incarnation's lock, and gives it back, or up, when it
/// failed.</summary>
internal sealed partial class JobRunner(
    IJobStore jobs, KeyedLock<IncarnationId> locks, JobHandlers handlers, FailedJobHandler failedJobs, WorkerTelemetry telemetry,
    IOptions<WorkerOptions> options, TimeProvider time, ILogger<JobRunner> logger)
{
    internal static readonly TimeSpan Lease = TimeSpan.FromSeconds(15);

    /// <param name="ended">The node lost its lease; the job is another's to claim.</param>
    /// <param name="stopping">This process ends; the job is handed back at once.</param>
    public async Task RunAsync(ClaimedJob claimed, CancellationToken ended, CancellationToken stopping)
    {
        using var span = WorkerTelemetry.StartJob(claimed.Job);
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(ended);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, lost.Token);
        using var done = new CancellationTokenSource();
        var keeping = KeepLeaseAsync(claimed, lost, done.Token);
        var begun = time.GetTimestamp();
        var outcome = "stopped";
        try
        {
            using var held = await locks.EnterAsync(claimed.Job.Incarnation, either.Token);
            await handlers.RunAsync(claimed, either.Token);
            outcome = await jobs.TryCompleteAsync(claimed, either.Token) ? "done" : "lease lost";
        }
        catch (OperationCanceledException) when (lost.IsCancellationRequested)
        {
            outcome = "lease lost";
            Log.LeaseLost(logger, WorkerTelemetry.KindOf(claimed.Job), claimed.Job.SandboxId);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await ReleaseAsync(claimed, TimeSpan.Zero);
        }
        catch (Exception exception)
        {
            span?.SetStatus(ActivityStatusCode.Error, exception.Message);
            outcome = await FailAsync(claimed, exception);
        }
        finally
        {
            await done.CancelAsync();
            await keeping;
            telemetry.OnJobFinished(claimed.Job, outcome, time.GetElapsedTime(begun));
        }
    }

    internal TimeSpan PauseAfter(int attempt)
    {
        var pause = options.Value.FirstJobPause * Math.Pow(2, Math.Min(attempt, 30) - 1);
        return pause < options.Value.LongestJobPause ? pause : options.Value.LongestJobPause;
    }

    private async Task<string> FailAsync(ClaimedJob claimed, Exception exception)
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
            await failedJobs.DeadLetterAsync(claimed, exception.Message);
            return "given up";
        }
        catch (Exception unwritten)
        {
            // The store fails as well: it is tried, and given up, again.
            Log.RenewFailed(logger, claimed.Job.SandboxId, unwritten);
            return "failed";
        }
    }

    /// <summary>Renews at a third of the lease. A process that cannot renew in time stops acting, for another may have begun.</summary>
    private async Task KeepLeaseAsync(ClaimedJob claimed, CancellationTokenSource lost, CancellationToken done)
    {
        var renewed = time.GetTimestamp();
        try
        {
            while (time.GetElapsedTime(renewed) < Lease)
            {
                await Task.Delay(Lease / 3, time, done);
                var asked = time.GetTimestamp();
                if (await RenewAsync(claimed, done) is not { } held)
                {
                    continue;
                }

                if (!held)
                {
                    break;
                }

                renewed = asked;
            }

            await lost.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The job has ended.
        }
    }

    private async Task<bool?> RenewAsync(ClaimedJob claimed, CancellationToken done)
    {
        try
        {
            return await jobs.TryRenewAsync(claimed, Lease, done);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.RenewFailed(logger, claimed.Job.SandboxId, exception);
            return null;
        }
    }

    private async Task ReleaseAsync(ClaimedJob claimed, TimeSpan pause)
    {
        try
        {
            await jobs.TryReleaseAsync(claimed, pause, CancellationToken.None);
        }
        catch (Exception exception)
        {
            // The lease runs out by itself.
            Log.RenewFailed(logger, claimed.Job.SandboxId, exception);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4111, LogLevel.Warning, "{Job} of sandbox {SandboxId} failed at attempt {Attempt}; again in {Pause}")]
        public static partial void Failed(
            ILogger logger, string job, Contracts.Ids.SandboxId sandboxId, int attempt, TimeSpan pause, Exception exception);

        [LoggerMessage(4114, LogLevel.Error, "{Job} of sandbox {SandboxId} failed at attempt {Attempt} and is given up")]
        public static partial void GivenUp(ILogger logger, string job, Contracts.Ids.SandboxId sandboxId, int attempt, Exception exception);

        [LoggerMessage(4112, LogLevel.Warning, "The lease of {Job} of sandbox {SandboxId} is lost; its new holder goes on")]
        public static partial void LeaseLost(ILogger logger, string job, Contracts.Ids.SandboxId sandboxId);

        [LoggerMessage(4113, LogLevel.Warning, "The lease of a job of sandbox {SandboxId} could not be written")]
        public static partial void RenewFailed(ILogger logger, Contracts.Ids.SandboxId sandboxId, Exception exception);
    }
}
