using System.Diagnostics;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Stores;
using Sandbox.Storage;

namespace Sandbox.Node.Jobs;

/// <summary>Runs one claimed job: keeps its lease, runs it under its incarnation's lock, and hands it to its retries when it
/// failed.</summary>
internal sealed partial class JobRunner(
    IJobStore jobs, KeyedLock<IncarnationId> locks, JobHandlers handlers, JobRetries retries, WorkerTelemetry telemetry,
    TimeProvider time, ILogger<JobRunner> logger)
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
            await retries.ReleaseAsync(claimed, TimeSpan.Zero);
        }
        catch (Exception exception)
        {
            span?.SetStatus(ActivityStatusCode.Error, exception.Message);
            outcome = await retries.FailAsync(claimed, exception);
        }
        finally
        {
            await done.CancelAsync();
            await keeping;
            telemetry.OnJobFinished(claimed.Job, outcome, time.GetElapsedTime(begun));
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

    private static partial class Log
    {
        [LoggerMessage(4112, LogLevel.Warning, "The lease of {Job} of sandbox {SandboxId} is lost; its new holder goes on")]
        public static partial void LeaseLost(ILogger logger, string job, Contracts.Ids.SandboxId sandboxId);

        [LoggerMessage(4113, LogLevel.Warning, "The lease of a job of sandbox {SandboxId} could not be written")]
        public static partial void RenewFailed(ILogger logger, Contracts.Ids.SandboxId sandboxId, Exception exception);
    }
}
