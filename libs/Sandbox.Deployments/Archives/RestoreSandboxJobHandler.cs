using Sandbox.Contracts.Jobs;
using Sandbox.Deployments.Docker;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;
using Sandbox.Node.Deployments;
using Sandbox.Node.Jobs;

namespace Sandbox.Deployments.Archives;

/// <summary>Starts a new incarnation of an archived sandbox on this node, with the limits, labels and agent of any start.</summary>
internal sealed class RestoreSandboxJobHandler(
    ISandboxStore store, DeploymentSet deployments, ContainerArchive archives, SandboxContainers containers, StartAttempt attempt,
    NodeJobSlots slots) : JobHandler<RestoreSandboxJob>
{
    protected override async Task RunAsync(RestoreSandboxJob job, ClaimedJob claim, CancellationToken cancellationToken)
    {
        var record = await store.FindAsync(job.SandboxId, cancellationToken);
        if (record is not { IsRestoring: true, Archive: { } archive } || record.Version != job.SandboxVersion
            || record.Incarnation != job.Incarnation)
        {
            // The job that moved it on tidies up behind this one.
            return;
        }

        var deployment = deployments[record.Spec.Deployment];
        var outcome = await attempt.RunAsync(
            record,
            deployments,
            async (pending, phases, token) =>
            {
                // Fetching an archive may take as long as a pull.
                await slots.MoveAsync(claim, JobClass.Pull, token);
                return await BringUpAsync(deployment, pending, archive, phases, token);
            },
            claim,
            cancellationToken);
        if (outcome is not StartOutcome.Alive)
        {
            await containers.EnsureGoneAsync(record.Incarnation, record, cancellationToken);
            await archives.ForgetImageAsync(archive);
        }
    }

    private async Task<Result<StartedSandbox>> BringUpAsync(
        IDeployment deployment, SandboxInstance pending, ArchiveFacts archive, IPhaseReporter phases, CancellationToken cancellationToken)
    {
        try
        {
            await archives.LoadImageAsync(archive, phases, cancellationToken);
        }
        catch (Exception exception) when (exception is ArchiveException or ArchiveStoreException or EngineException or IOException)
        {
            var reason = ContainerArchive.WhyFailed(phases, exception);
            await phases.ReportAsync(SandboxPhase.ImagePull, PhaseStatus.Failed, reason, cancellationToken);
            return new SandboxError.StartFailed(pending.Id, SandboxPhase.ImagePull, reason);
        }

        // The image is this sandbox's alone: no other start names it by its id, and it goes when its container goes.
        var restored = pending with { Spec = pending.Spec with { Image = archive.ImageId, Pull = PullPolicy.Never, RemoveImage = true } };
        return await deployment.EnsureStartedAsync(
            new StartOrder(restored, RegistryPassword: null) { ImageId = archive.ImageId }, phases, cancellationToken);
    }
}
