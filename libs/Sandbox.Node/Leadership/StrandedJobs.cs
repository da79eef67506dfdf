using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Stores;
using Sandbox.Node.Jobs;

namespace Sandbox.Node.Leadership;

/// <summary>
/// Ends what waits for a node that is gone, once its sandboxes are lost: no other node can do it, and whatever is asked for one of these
/// sandboxes later waits behind it. What was to be started, archived or committed there has failed, with that reason. What was only to be
/// ended is done as far as the cluster goes: a node that returns after all sweeps what its records do not want.
/// </summary>
internal sealed partial class StrandedJobs(IJobStore jobs, FailedJobHandler failedJobs, NodeIdentity node, ILogger<StrandedJobs> logger)
    : IClusterDuty
{
    private const int Batch = 200;

    public TimeSpan Every => TimeSpan.FromSeconds(2);

    /// <inheritdoc cref="DeadNodes.LookOn"/>
    public TimeSpan LookOn => NodeView.LostGrace;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<StrandedJob> stranded;
        do
        {
            stranded = await jobs.ClaimStrandedAsync(
                node.Name, NodeView.DeadAfter + NodeView.LostGrace, JobRunner.Lease, Batch, cancellationToken);
            foreach (var one in stranded)
            {
                await EndAsync(one, cancellationToken);
            }
        }
        while (stranded.Count > 0);
    }

    private async Task EndAsync(StrandedJob stranded, CancellationToken cancellationToken)
    {
        var (claimed, host) = stranded;
        if (claimed.Job is StopSandboxJob or RemoveSandboxJob)
        {
            await jobs.TryCompleteAsync(claimed, cancellationToken);
        }
        else
        {
            await failedJobs.DeadLetterAsync(claimed, $"its node {host} is gone");
        }

        Log.Ended(logger, WorkerTelemetry.KindOf(claimed.Job), claimed.Job.SandboxId, host);
    }

    private static partial class Log
    {
        [LoggerMessage(4343, LogLevel.Warning, "{Job} of sandbox {SandboxId} waited for node {Node}, which is gone; it waits no longer")]
        public static partial void Ended(ILogger logger, string job, SandboxId sandboxId, string node);
    }
}
