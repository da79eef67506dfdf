using System.Collections.Immutable;
using System.Globalization;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Stores;

namespace Sandbox.Domain.Policies;

/// <summary>
/// Every change of a record, decided: what it becomes, with which deadlines, and which job that causes. Pure functions of
/// the record and a moment; the caller writes the answer through the store (<see cref="Stores.ISandboxStore.TryTransitionAsync"/>).
/// </summary>
public sealed partial class SandboxTransitions(AutoPolicy auto)
{
    /// <summary>Stops, and where the record says so deletes in the same write (then the version grows by two).</summary>
    public Result<SandboxTransition> Stop(SandboxInstance record, StopReason reason, DateTimeOffset now)
    {
        if (record.IsRestoring)
        {
            // There is no container yet, but there is an archive: the restore is given up and the files stay.
            return RestoreFailed(record, phase: null, PhaseStatus.Failed, "stopped while it was restored", now);
        }

        if (!record.Apply(SandboxEvent.Stop, now).TryGet(out var stopped, out var error))
        {
            return error;
        }

        if (ReferenceEquals(stopped, record))
        {
            return new SandboxTransition(record, record, Job: null);
        }

        var why = reason is StopReason.Expired ? Expired(record, now) : null;
        if (AutoPolicy.CascadesToDelete(record.Spec) && stopped.Apply(SandboxEvent.Delete, now).TryGet(out var deleted, out _))
        {
            return Removing(record, deleted with { Reason = why });
        }

        return Stopping(record, auto.WithDeadline(stopped, SandboxEvent.Stop, now) with { Reason = why });
    }

    public static Result<SandboxTransition> Restart(SandboxInstance record, DateTimeOffset now)
    {
        if (!record.Apply(SandboxEvent.Restart, now).TryGet(out var pending, out var error))
        {
            return error;
        }

        var job = new RestartSandboxJob { SandboxId = record.Id, SandboxVersion = pending.Version, Incarnation = record.Incarnation };
        return new SandboxTransition(record, pending with { TransientDeadline = now + record.Spec.StartupTimeout }, job);
    }

    /// <summary>Deletes for good. What is deleted already stays as it is.</summary>
    public static Result<SandboxTransition> Delete(SandboxInstance record, DateTimeOffset now)
    {
        if (record.State is SandboxState.Deleted)
        {
            return new SandboxTransition(record, record, Job: null);
        }

        if (!record.Apply(SandboxEvent.Delete, now).TryGet(out var deleted, out var error))
        {
            return error;
        }

        return record.Archive is { } archive ? Discarding(record, deleted, archive) : Removing(record, deleted);
    }

    /// <summary>The agent answers. An archive that the sandbox was restored from is needed no more.</summary>
    public static Result<SandboxTransition> Alive(SandboxInstance record, DateTimeOffset now)
    {
        if (!record.Apply(SandboxEvent.Alive, now).TryGet(out var running, out var error))
        {
            return error;
        }

        return record.Archive is { } archive ? Discarding(record, running, archive) : new SandboxTransition(record, running, Job: null);
    }

    /// <summary>The start has failed. Whatever was started of the container is ended by a job of its own.</summary>
    /// <param name="phase">The phase that failed; null: the one it was in.</param>
    /// <param name="status"><see cref="PhaseStatus.Failed"/> or <see cref="PhaseStatus.Timeout"/>.</param>
    public Result<SandboxTransition> StartFailed(
        SandboxInstance record, string? phase, PhaseStatus status, string reason, DateTimeOffset now)
    {
        if (record.IsRestoring)
        {
            return RestoreFailed(record, phase, status, reason, now);
        }

        if (!record.Apply(SandboxEvent.StartFailed, now).TryGet(out var stopped, out var error))
        {
            return error;
        }

        return Stopping(record, auto.WithDeadline(stopped, SandboxEvent.StartFailed, now) with
        {
            Reason = reason,
            Phases = Marked(record.Phases, phase, status, reason, now),
        });
    }

    /// <summary>The container, or after a grace its node, is gone. What may be left of it is ended by a job.</summary>
    public Result<SandboxTransition> Lost(SandboxInstance record, string reason, DateTimeOffset now) =>
        record.Apply(SandboxEvent.Lost, now).TryGet(out var stopped, out var error)
            ? Stopping(record, auto.WithDeadline(stopped, SandboxEvent.Lost, now) with { Reason = reason })
            : error;

    /// <summary>The way out of a transient state whose job was given up; null: it is in none.</summary>
    public SandboxTransition? GiveUp(SandboxInstance record, string reason, DateTimeOffset now)
    {
        var decided = record.State switch
        {
            SandboxState.Pending when record.IsRestoring => RestoreFailed(record, phase: null, PhaseStatus.Failed, reason, now),
            SandboxState.Pending => StartFailed(record, phase: null, PhaseStatus.Failed, reason, now),
            SandboxState.Archiving => ArchiveFailed(record, PhaseStatus.Failed, reason, now),
            _ => new SandboxTransition(record, record, Job: null),
        };
        return decided.TryGet(out var transition, out _) && !transition.IsNothing ? transition : null;
    }

    /// <summary>What a record's own deadlines ask for now; null: nothing. The record has to be written as it was read: if
    /// another writer changed it since, the store refuses and the next scan decides anew.</summary>
    public SandboxTransition? Due(SandboxInstance record, DateTimeOffset now)
    {
        if (!Deadlines.IsDue(record, now))
        {
            return null;
        }

        var decided = record.State switch
        {
            SandboxState.Pending when record.IsRestoring => RestoreFailed(record, phase: null, PhaseStatus.Timeout, NotRestored(), now),
            SandboxState.Pending => StartFailed(record, phase: null, PhaseStatus.Timeout, NotReady(record), now),
            SandboxState.Archiving => ArchiveFailed(record, PhaseStatus.Timeout, NotArchived(), now),
            SandboxState.Running => Stop(record, StopReason.Expired, now),
            SandboxState.Stopped when record.AutoTransitionState is SandboxState.Archiving => Archive(record, now),
            _ => Delete(record, now),
        };
        return decided.TryGet(out var transition, out _) ? transition : null;
    }

    private static SandboxTransition Stopping(SandboxInstance from, SandboxInstance next) =>
        new(from, next, new StopSandboxJob { SandboxId = next.Id, SandboxVersion = next.Version, Incarnation = next.Incarnation });

    private static SandboxTransition Removing(SandboxInstance from, SandboxInstance next) =>
        new(from, next, new RemoveSandboxJob { SandboxId = next.Id, SandboxVersion = next.Version, Incarnation = next.Incarnation });

    private static ImmutableList<SandboxPhase> Marked(
        ImmutableList<SandboxPhase> phases, string? name, PhaseStatus status, string message, DateTimeOffset now)
    {
        var failed = phases.Find(phase => phase.Name == name)
            ?? phases.Find(phase => phase.Status is PhaseStatus.Failed or PhaseStatus.Timeout)
            ?? phases.Find(phase => phase.Status is PhaseStatus.Running)
            ?? phases.Find(phase => phase.Status is PhaseStatus.Waiting)
            ?? phases.LastOrDefault();
        return failed is null
            ? [new SandboxPhase(name ?? SandboxPhase.DockerRun, status, message, CompletedAt: now)]
            : phases.Replace(failed, failed with { Status = status, Message = message, CompletedAt = now });
    }

    // Clients tell the end of a process from a slow answer by the word "timeout": it stays out of these texts.
    private static string Expired(SandboxInstance record, DateTimeOffset now) =>
        Deadlines.EndOfLife(record) <= now && record.Spec.MaxLifetime is { } longest
            ? $"expired: ran for {Seconds(longest)} s, the longest that this server lets a sandbox run"
            : record.Spec.HasFixedTimeout ? "expired: the time that was set for it is over"
            : $"expired: idle for {Seconds(record.Spec.IdleTimeout)} s";

    private static string NotReady(SandboxInstance record) =>
        $"not ready {Seconds(record.Spec.StartupTimeout)} s after the start was asked for";

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture);
}
