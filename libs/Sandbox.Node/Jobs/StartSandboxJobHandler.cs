using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Jobs;

/// <summary>Makes and starts the container of a pending sandbox. Repeating it at any point ends the same.</summary>
internal sealed class StartSandboxJobHandler(
    ISandboxStore store, DeploymentSet deployments, SandboxContainers containers, StartAttempt attempt, NodeJobSlots slots)
    : JobHandler<StartSandboxJob>
{
    private const string NoPassword =
        "the registry password of this start is not kept any more; create the sandbox again with the password";

    protected override async Task RunAsync(StartSandboxJob job, ClaimedJob claim, CancellationToken cancellationToken)
    {
        var record = await store.FindAsync(job.SandboxId, cancellationToken);
        if (record is { State: SandboxState.Pending } && record.Version == job.SandboxVersion && record.Incarnation == job.Incarnation)
        {
            var deployment = deployments[record.Spec.Deployment];
            var outcome = await attempt.RunAsync(
                record,
                deployments,
                (pending, phases, token) => job.PasswordDropped
                    ? Task.FromResult<Result<StartedSandbox>>(new SandboxError.StartFailed(pending.Id, SandboxPhase.ImagePull, NoPassword))
                    : deployment.EnsureStartedAsync(
                        new StartOrder(pending, job.RegistryPassword)
                        {
                            BeforePull = pulling => slots.MoveAsync(claim, JobClass.Pull, pulling),
                        },
                        phases,
                        token),
                claim,
                cancellationToken);
            if (outcome is not StartOutcome.Unwanted)
            {
                return;
            }

            record = await store.FindAsync(job.SandboxId, cancellationToken);
        }

        if (IsUnwanted(record, job))
        {
            await containers.EnsureGoneAsync(job.Incarnation, record, cancellationToken);
        }
    }

    /// <summary>Whether this incarnation will never be used: its record is gone, is about another one, or ended before it ran.
    /// What ran and was stopped since keeps its files.</summary>
    private static bool IsUnwanted(SandboxInstance? record, StartSandboxJob job) =>
        record is null or { State: SandboxState.Deleted }
        || record.Incarnation != job.Incarnation
        || (record.State is SandboxState.Stopped && record.Version == job.SandboxVersion + 1);
}
