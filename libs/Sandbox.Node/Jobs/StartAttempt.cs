using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Jobs;

/// <summary>How a container is brought up: first started from its image, or started again.</summary>
internal delegate Task<Result<StartedSandbox>> BringUp(SandboxInstance sandbox, IPhaseReporter phases, CancellationToken cancellationToken);

internal enum StartOutcome
{
    Alive,

    /// <summary>The record says why.</summary>
    Failed,

    /// <summary>The record moved on meanwhile: whatever was started is not wanted any more.</summary>
    Unwanted,
}

/// <summary>One attempt to get from pending to running (or to a failure that the record tells), for a start and a restart alike. A
/// failure is written only while the job is still claimed, for another node that has begun it since may succeed; that it runs is
/// true no matter which of them says so first.</summary>
internal sealed partial class StartAttempt(
    ISandboxStore store, IChangeFeed feed, SandboxTransitions transitions, DeploymentSet deployments, AgentLinks links,
    AgentGateway gateway, NodeIdentity node, WorkerTelemetry telemetry, TimeProvider time, ILogger<StartAttempt> logger)
{
    public async Task<StartOutcome> RunAsync(
        SandboxInstance pending, BringUp bringUp, ClaimedJob claim, CancellationToken cancellationToken)
    {
        using var reporter = new PhaseReporter(pending, store, time);
        await using var watch = new RecordWatch(pending, store, feed, time);
        var until = pending.TransientDeadline ?? time.GetUtcNow() + pending.Spec.StartupTimeout;
        using var deadline = new CancellationTokenSource(TimeLeft(until), time);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, watch.Moved, deadline.Token);
        SandboxError? error;
        try
        {
            error = await BringUpAsync(reporter, bringUp, any.Token);
        }
        catch (OperationCanceledException) when (watch.Moved.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return StartOutcome.Unwanted;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return await FailAsync(transitions.Due(reporter.Record with { TransientDeadline = until }, until), claim, cancellationToken);
        }

        return error is null
            ? await AliveAsync(reporter.Record, cancellationToken)
            : await FailAsync(Failure(reporter.Record, error), claim, cancellationToken);
    }

    private static string PhaseOf(SandboxInstance record) =>
        record.Phases.Find(phase => phase.Status is PhaseStatus.Failed or PhaseStatus.Timeout or PhaseStatus.Running)?.Name
            ?? SandboxPhase.DockerRun;

    private TimeSpan TimeLeft(DateTimeOffset until)
    {
        var left = until - time.GetUtcNow();
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private async Task<SandboxError?> BringUpAsync(PhaseReporter reporter, BringUp bringUp, CancellationToken cancellationToken)
    {
        // Telling where it starts costs a write, and nothing needs the answer before the container is there: side by side.
        var telling = reporter.UpdateFactsAsync(record => record with { HostName = node.Name, HostIp = node.Address }, cancellationToken);
        var pending = reporter.Record;

        // Before the container starts: its agent dials at once.
        var link = links.Ensure(pending);
        Result<StartedSandbox> brought;
        try
        {
            brought = await AskDeploymentAsync(pending, bringUp, reporter, cancellationToken);
        }
        finally
        {
            await telling;
        }

        if (!brought.TryGet(out var started, out var error))
        {
            return error;
        }

        reporter.Remember(
            record => record with { EffectiveDiskBytes = started.EffectiveDiskBytes, EffectiveLogBytes = started.EffectiveLogBytes });
        var deployment = deployments[pending.Spec.Deployment];
        return await Readiness.AwaitAgentAsync(
            pending, link, token => deployment.WhenEndedAsync(pending.Incarnation, token), time, cancellationToken);
    }

    private async Task<Result<StartedSandbox>> AskDeploymentAsync(
        SandboxInstance pending, BringUp bringUp, PhaseReporter reporter, CancellationToken cancellationToken)
    {
        try
        {
            return await bringUp(pending, reporter, cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // A start is reported, not repeated: the caller that asked decides whether to try again.
            Log.DeploymentFailed(logger, pending.Id, exception);
            return new SandboxError.StartFailed(pending.Id, PhaseOf(reporter.Record), exception.Message);
        }
    }

    private async Task<StartOutcome> AliveAsync(SandboxInstance record, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var done = PhaseReporter.With(record, SandboxPhase.DockerRun, PhaseStatus.Success, "the sandbox runs", now);
        if (!SandboxTransitions.Alive(record, now).TryGet(out var transition, out _))
        {
            return StartOutcome.Unwanted;
        }

        // Before the record says "running", so that a caller that is woken by it finds the agent connected.
        var running = transition.Next with { Phases = done.Phases };
        gateway.Admit(running, links.Ensure(running));

        // Where it runs is written with it: another node that had begun this start may have put its own name there meanwhile.
        var unplaced = transition.From with { HostName = null, HostIp = null };
        var isWritten = false;
        try
        {
            isWritten = await store.TryTransitionAsync(transition with { From = unplaced, Next = running }, cancellationToken);
        }
        finally
        {
            // Also when the outcome is unknown: what was written after all is adopted, and what was not is remembered nowhere.
            if (!isWritten)
            {
                gateway.Dismiss(record.Id, record.Incarnation);
            }
        }

        if (!isWritten)
        {
            return StartOutcome.Unwanted;
        }

        Log.Alive(logger, record.Id, now - record.CreatedAt);
        telemetry.OnStarted(now - AskedAt(record));
        return StartOutcome.Alive;
    }

    /// <summary>The last time that it became pending: a restart is asked for long after the create.</summary>
    private static DateTimeOffset AskedAt(SandboxInstance record) =>
        record.History is [.., { To: SandboxState.Pending, At: var at }] ? at : record.CreatedAt;

    private SandboxTransition? Failure(SandboxInstance record, SandboxError error)
    {
        var (phase, reason) = error is SandboxError.StartFailed failed ? (failed.Phase, failed.Reason) : (PhaseOf(record), error.Text);
        return transitions.StartFailed(record, phase, PhaseStatus.Failed, reason, time.GetUtcNow()).TryGet(out var transition, out _)
            ? transition
            : null;
    }

    private async Task<StartOutcome> FailAsync(SandboxTransition? transition, ClaimedJob claim, CancellationToken cancellationToken)
    {
        if (transition is null || !await store.TryTransitionAsync(transition with { Claim = claim }, cancellationToken))
        {
            return StartOutcome.Unwanted;
        }

        Log.StartFailed(logger, transition.Next.Id, transition.Next.Reason);
        return StartOutcome.Failed;
    }

    private static partial class Log
    {
        [LoggerMessage(4101, LogLevel.Information, "Sandbox {SandboxId} runs, {Took} after it was asked for")]
        public static partial void Alive(ILogger logger, Contracts.Ids.SandboxId sandboxId, TimeSpan took);

        [LoggerMessage(4102, LogLevel.Warning, "Sandbox {SandboxId} failed to start: {Reason}")]
        public static partial void StartFailed(ILogger logger, Contracts.Ids.SandboxId sandboxId, string? reason);

        [LoggerMessage(4103, LogLevel.Error, "The deployment failed while it started sandbox {SandboxId}")]
        public static partial void DeploymentFailed(ILogger logger, Contracts.Ids.SandboxId sandboxId, Exception exception);
    }
}
