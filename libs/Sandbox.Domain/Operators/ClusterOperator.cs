using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Domain.Operators;

/// <summary>
/// Sandboxes by jobs that workers claim. It lets the domain decide about a record, and writes record and job at once; the work itself
/// is a worker's.
/// </summary>
public sealed class ClusterOperator(
    ISandboxStore records, IPlacement placement, SandboxTransitions transitions, TransitionWriter writer, SandboxWaits waits,
    CommitRequests commits, TimeProvider time) : ISandboxOperator
{
    public async Task<Result<SandboxInstance>> SubmitAsync(
        SandboxInstance prepared, string? registryPassword, CancellationToken cancellationToken)
    {
        if (await placement.CheckAsync(prepared.Spec, cancellationToken) is { } error)
        {
            // An id in use is the caller's mistake even while nothing can be placed; otherwise the write finds it out.
            return await records.FindAsync(prepared.Id, cancellationToken) is null or { State: SandboxState.Deleted }
                ? error
                : new SandboxError.IdInUse(prepared.Id);
        }

        var job = new StartSandboxJob
        {
            SandboxId = prepared.Id,
            SandboxVersion = prepared.Version,
            Incarnation = prepared.Incarnation,
            RegistryPassword = registryPassword,
        };
        return await records.TryCreateAsync(prepared, job, cancellationToken);
    }

    public async Task<Result<SandboxInstance>> StopAsync(SandboxId id, StopReason reason, CancellationToken cancellationToken)
    {
        var stopped = await writer.TransitionAsync(id, record => Stop(record, reason), cancellationToken);

        // No caller waits for the end of an expiry, and a scan has others to look at.
        return reason is StopReason.Expired ? stopped : await waits.AfterItsJobsAsync(stopped, cancellationToken);
    }

    public Task<Result<SandboxInstance>> RestartAsync(SandboxId id, CancellationToken cancellationToken) =>
        writer.TransitionAsync(
            id,
            record => record switch
            {
                { Spec.Deployment: DeploymentKind.Kubernetes, State: not SandboxState.Deleted } => PodLimits.NoRestart,
                { State: SandboxState.Archived } => transitions.Restore(record, time.GetUtcNow()),
                _ => SandboxTransitions.Restart(record, time.GetUtcNow()),
            },
            cancellationToken);

    public Task<Result<SandboxInstance>> ArchiveAsync(SandboxId id, CancellationToken cancellationToken) =>
        writer.TransitionAsync(
            id,
            record => record is { Spec.Deployment: DeploymentKind.Kubernetes, State: not SandboxState.Deleted }
                ? PodLimits.NoArchive
                : transitions.Archive(record, time.GetUtcNow()),
            cancellationToken);

    public Task<Result<SandboxCommit>> CommitAsync(
        SandboxId id, string imageTag, string? username, string? password, CancellationToken cancellationToken) =>
        commits.BeginAsync(id, imageTag, username, password, cancellationToken);

    public async Task<Result<SandboxInstance>> DeleteAsync(SandboxId id, CancellationToken cancellationToken)
    {
        var deleted = await writer.TransitionAsync(id, record => SandboxTransitions.Delete(record, time.GetUtcNow()), cancellationToken);
        return await waits.AfterItsJobsAsync(deleted, cancellationToken);
    }

    public Task<Result<SandboxInstance>> WaitUntilAliveAsync(SandboxId id, CancellationToken cancellationToken) =>
        waits.UntilAliveAsync(id, cancellationToken);

    /// <summary>An expiry that activity has overtaken meanwhile is none.</summary>
    private Result<SandboxTransition> Stop(SandboxInstance record, StopReason reason)
    {
        var now = time.GetUtcNow();
        return reason is StopReason.Expired && record.State is SandboxState.Running && !Deadlines.IsIdle(record, now)
            ? new SandboxTransition(record, record, Job: null)
            : transitions.Stop(record, reason, now);
    }
}
