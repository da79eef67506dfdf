using Microsoft.Extensions.Options;
using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Operators;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Storage.Operators;

/// <summary>
/// Sandboxes by jobs that workers claim. It reads a record, lets the domain decide, and writes record and job at once; when
/// another writer was first it reads and decides again.
/// </summary>
public sealed class ClusterOperator(
    ISandboxStore records, IJobStore jobs, ITenantStore tenants, ICommitStore commits, IChangeFeed feed, IPlacement placement,
    SandboxTransitions transitions,
    IOptions<OperatorOptions> options, TimeProvider time) : ISandboxOperator
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
        var stopped = await TransitionAsync(id, record => Stop(record, reason), cancellationToken);

        // No caller waits for the end of an expiry, and a scan has others to look at.
        return reason is StopReason.Expired ? stopped : await AfterItsJobsAsync(id, stopped, cancellationToken);
    }

    public Task<Result<SandboxInstance>> RestartAsync(SandboxId id, CancellationToken cancellationToken) =>
        TransitionAsync(
            id,
            record => record switch
            {
                { Spec.Deployment: DeploymentKind.Kubernetes, State: not SandboxState.Deleted } => PodLimits.NoRestart,
                { State: SandboxState.Archived } => transitions.Restore(record, time.GetUtcNow()),
                _ => SandboxTransitions.Restart(record, time.GetUtcNow()),
            },
            cancellationToken);

    public Task<Result<SandboxInstance>> ArchiveAsync(SandboxId id, CancellationToken cancellationToken) =>
        TransitionAsync(
            id,
            record => record is { Spec.Deployment: DeploymentKind.Kubernetes, State: not SandboxState.Deleted }
                ? PodLimits.NoArchive
                : transitions.Archive(record, time.GetUtcNow()),
            cancellationToken);

    public async Task<Result<SandboxCommit>> CommitAsync(
        SandboxId id, string imageTag, string? username, string? password, CancellationToken cancellationToken)
    {
        if (await records.FindAsync(id, cancellationToken) is not { } record)
        {
            return SandboxError.CommitRefused.Unknown(id);
        }

        if (record.State is not (SandboxState.Running or SandboxState.Stopped) || record.Spec.Deployment is not DeploymentKind.Docker)
        {
            return new SandboxError.CommitRefused(
                "SANDBOX_CONTAINER_NOT_FOUND",
                $"Sandbox {id} has no container that could be committed ({record.State.Name()}, {record.Spec.Deployment}).");
        }

        var now = new DateTimeOffset(time.GetUtcNow().Ticks / TimeSpan.TicksPerMicrosecond * TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);
        var job = new CommitSandboxJob
        {
            SandboxId = id,
            SandboxVersion = record.Version,
            Incarnation = record.Incarnation,
            ImageTag = imageTag,
            Username = username,
            Password = password,
            StartedAt = now,
        };
        var running = await commits.BeginAsync(new SandboxCommit(id, imageTag, CommitPhase.Running, now), job, cancellationToken);
        feed.Publish(id);
        return running.ImageTag == imageTag ? running : new SandboxError.CommitConflict(id, running.ImageTag);
    }

    public async Task<Result<SandboxInstance>> DeleteAsync(SandboxId id, CancellationToken cancellationToken)
    {
        var deleted = await TransitionAsync(id, record => SandboxTransitions.Delete(record, time.GetUtcNow()), cancellationToken);
        return await AfterItsJobsAsync(id, deleted, cancellationToken);
    }

    public Task<Result<SandboxInstance>> WaitUntilAliveAsync(SandboxId id, CancellationToken cancellationToken) =>
        feed.UntilAsync(
            id, async () => Outcome(id, await records.FindAsync(id, cancellationToken)), options.Value.Look, time, cancellationToken);

    /// <summary>Null while the start goes on.</summary>
    private static Result<SandboxInstance>? Outcome(SandboxId id, SandboxInstance? record) => record switch
    {
        null => new SandboxError.NotFound(id.ToString()),
        { State: SandboxState.Pending } => null,
        { State: SandboxState.Running } => record,
        { History: [.., { On: SandboxEvent.StartFailed }] } => Failure(record),
        _ => new SandboxError.NotStarted(id, record.State.Name()),
    };

    private static SandboxError.StartFailed Failure(SandboxInstance record)
    {
        var phase = record.Phases.Find(phase => phase.Status is PhaseStatus.Failed or PhaseStatus.Timeout);
        return new SandboxError.StartFailed(record.Id, phase?.Name ?? SandboxPhase.DockerRun, record.Reason ?? phase?.Message ?? "unknown");
    }

    /// <summary>An expiry that activity has overtaken meanwhile is none.</summary>
    private Result<SandboxTransition> Stop(SandboxInstance record, StopReason reason)
    {
        var now = time.GetUtcNow();
        return reason is StopReason.Expired && record.State is SandboxState.Running && !Deadlines.IsIdle(record, now)
            ? new SandboxTransition(record, record, Job: null)
            : transitions.Stop(record, reason, now);
    }

    private static bool IsLive(SandboxInstance record) => record.State is SandboxState.Pending or SandboxState.Running;

    private async Task<Result<SandboxInstance>> TransitionAsync(
        SandboxId id, Func<SandboxInstance, Result<SandboxTransition>> decide, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < options.Value.Tries; attempt++)
        {
            if (await records.FindAsync(id, cancellationToken) is not { } record)
            {
                // Nothing is known of it, but something may be left of it: the sweep of orphans is woken by this.
                feed.Publish(id);
                return new SandboxError.NotFound(id.ToString());
            }

            if (!decide(record).TryGet(out var transition, out var error))
            {
                return error;
            }

            // Also answers when the store refused the transition for it: then the next look finds the quota reached.
            if (!IsLive(record) && IsLive(transition.Next)
                && await tenants.CheckAsync(record.Tenant, record.Spec, cancellationToken) is { } refusal)
            {
                return refusal;
            }

            if (transition.IsNothing || await records.TryTransitionAsync(transition, cancellationToken))
            {
                return transition.Next;
            }
        }

        return new SandboxError.ChangedMeanwhile(id);
    }

    /// <summary>The same answer once the container's work is done, or when that takes longer than is waited.</summary>
    private async Task<Result<SandboxInstance>> AfterItsJobsAsync(
        SandboxId id, Result<SandboxInstance> answer, CancellationToken cancellationToken)
    {
        if (!answer.TryGet(out var record, out _) || record.State is SandboxState.Running)
        {
            return answer;
        }

        using var bound = new CancellationTokenSource(options.Value.StopWait, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, bound.Token);
        try
        {
            return await feed.UntilAsync(
                id,
                async () => await jobs.HasOpenAsync(id, record.Version, either.Token) ? null : answer,
                options.Value.Look, time, either.Token);
        }
        catch (OperationCanceledException) when (bound.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // The record says what was asked for, and the job goes on.
            return answer;
        }
    }
}
