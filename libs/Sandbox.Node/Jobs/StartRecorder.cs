using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Policies;
using Sandbox.Domain.Stores;
using Sandbox.Node.Agents;
using Sandbox.Node.Deployments;

namespace Sandbox.Node.Jobs;

/// <summary>Writes what came of a start into the record. A failure is written only while the job is still claimed.</summary>
internal sealed partial class StartRecorder(
    ISandboxStore store, SandboxTransitions transitions, AgentLinks links, AgentGateway gateway, WorkerTelemetry telemetry,
    TimeProvider time, ILogger<StartRecorder> logger)
{
    /// <param name="pending">The record as the start found it.</param>
    /// <param name="record">The same with all that the start has found out.</param>
    /// <param name="confinement">What of it is to be told (<see cref="StartedSandbox.Confinement"/>).</param>
    public async Task<StartOutcome> AliveAsync(
        SandboxInstance pending, SandboxInstance record, string? confinement, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var message = confinement is null ? "the sandbox runs" : $"the sandbox runs {confinement}";
        var done = PhaseReporter.With(record, SandboxPhase.DockerRun, PhaseStatus.Success, message, now);
        if (!SandboxTransitions.Alive(record, now).TryGet(out var transition, out _))
        {
            return StartOutcome.Unwanted;
        }

        // Before the record says "running", so that a caller that is woken by it finds the agent connected.
        var running = transition.Next with { Phases = done.Phases };
        gateway.Register(running, links.Ensure(running));

        // Where it runs is written with it: another node that had begun this start may have put its own name there meanwhile. And what
        // is in effect, which no write has told yet.
        var unplaced = transition.From with
        {
            HostName = null,
            HostIp = null,
            EffectiveDiskBytes = pending.EffectiveDiskBytes,
            EffectiveLogBytes = pending.EffectiveLogBytes,
            EffectiveNetwork = pending.EffectiveNetwork,
        };
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
                gateway.Unregister(record.Id, record.Incarnation);
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

    public Task<StartOutcome> FailedAsync(
        SandboxInstance record, SandboxError error, ClaimedJob claim, CancellationToken cancellationToken) =>
        FailAsync(Failure(record, error), claim, cancellationToken);

    /// <param name="until">The moment by which it was to run.</param>
    public Task<StartOutcome> TimedOutAsync(
        SandboxInstance record, DateTimeOffset until, ClaimedJob claim, CancellationToken cancellationToken) =>
        FailAsync(transitions.Due(record with { TransientDeadline = until }, until), claim, cancellationToken);

    /// <summary>The last time that it became pending: a restart is asked for long after the create.</summary>
    private static DateTimeOffset AskedAt(SandboxInstance record) =>
        record.History is [.., { To: SandboxState.Pending, At: var at }] ? at : record.CreatedAt;

    private SandboxTransition? Failure(SandboxInstance record, SandboxError error)
    {
        var (phase, reason) = error is SandboxError.StartFailed failed
            ? (failed.Phase, failed.Reason) : (PhaseReporter.PhaseOf(record), error.Text);
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
    }
}
