using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Jobs;

/// <summary>Starts the container of a stopped sandbox again; its files are kept whatever comes of it.</summary>
internal sealed class RestartSandboxJobHandler(
    ISandboxStore store, DeploymentSet deployments, SandboxContainers containers, StartAttempt attempt)
    : JobHandler<RestartSandboxJob>
{
    protected override async Task RunAsync(RestartSandboxJob job, ClaimedJob claim, CancellationToken cancellationToken)
    {
        var record = await store.FindAsync(job.SandboxId, cancellationToken);
        if (record is not { State: SandboxState.Pending } || record.Version != job.SandboxVersion || record.Incarnation != job.Incarnation)
        {
            // The job that moved it on tidies up behind this one.
            return;
        }

        var deployment = deployments[record.Spec.Deployment];
        var outcome = await attempt.RunAsync(record, deployments, deployment.EnsureRestartedAsync, claim, cancellationToken);
        if (outcome is StartOutcome.Unwanted)
        {
            await containers.EnsureStoppedAsync(record, cancellationToken);
        }
    }
}
