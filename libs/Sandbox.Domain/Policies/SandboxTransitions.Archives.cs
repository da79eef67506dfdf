using Sandbox.Contracts.Ids;
using Sandbox.Contracts.Jobs;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;
using Sandbox.Domain.Stores;

namespace Sandbox.Domain.Policies;

/// <summary>The transitions into an archive and out of it. The files of a sandbox are in its container until the record says
/// archived, and in the archive until it says running again: at every moment they are in one of the two.</summary>
public sealed partial class SandboxTransitions
{
    /// <summary>Puts a stopped sandbox away; refused where there is nowhere to put it, or where an image would not have all its
    /// files.</summary>
    public Result<SandboxTransition> Archive(SandboxInstance record, DateTimeOffset now)
    {
        if (!record.Apply(SandboxEvent.Archive, now).TryGet(out var archiving, out var error))
        {
            return error;
        }

        if (WhyNeverArchived(record) is { } reason)
        {
            return new SandboxError.CannotArchive(record.Id, reason);
        }

        var job = new ArchiveSandboxJob { SandboxId = record.Id, SandboxVersion = archiving.Version, Incarnation = record.Incarnation };
        return new SandboxTransition(
            record,
            archiving with { TransientDeadline = now + auto.Options.ArchiveTimeout, Phases = [.. SandboxPhase.BeforeArchive] },
            job);
    }

    /// <summary>The image is put away. The writer of the transition removes the container afterwards, and where that fails the sweep
    /// does.</summary>
    public Result<SandboxTransition> ArchiveDone(SandboxInstance record, ArchiveFacts archive, DateTimeOffset now) =>
        record.Apply(SandboxEvent.ArchiveDone, now).TryGet(out var archived, out var error)
            ? new SandboxTransition(record, auto.WithArchivedDeadline(archived, now) with { Archive = archive }, Job: null)
            : error;

    /// <summary>The container is kept and the sandbox is stopped as before. What was put away of it is removed by a job.</summary>
    public Result<SandboxTransition> ArchiveFailed(SandboxInstance record, PhaseStatus status, string reason, DateTimeOffset now)
    {
        if (!record.Apply(SandboxEvent.ArchiveFailed, now).TryGet(out var stopped, out var error))
        {
            return error;
        }

        var next = auto.WithFailedArchiveDeadline(stopped, now) with
        {
            Reason = reason,
            Phases = Marked(record.Phases, name: null, status, reason, now),
        };
        return new SandboxTransition(record, next, Discard(next, record.Incarnation));
    }

    /// <summary>Starts a new incarnation out of the archive, on any node.</summary>
    public Result<SandboxTransition> Restore(SandboxInstance record, DateTimeOffset now)
    {
        if (!record.Apply(SandboxEvent.Restore, now).TryGet(out var pending, out var error))
        {
            return error;
        }

        if (record.Archive is null || !auto.CanArchive)
        {
            return new SandboxError.CannotArchive(
                record.Id, record.Archive is null ? "its record does not say where its archive is" : NoStore);
        }

        var next = pending with { Incarnation = IncarnationId.New(), TransientDeadline = now + auto.Options.RestoreTimeout };
        return new SandboxTransition(
            record, next, new RestoreSandboxJob { SandboxId = next.Id, SandboxVersion = next.Version, Incarnation = next.Incarnation });
    }

    /// <summary>The archive stays what the sandbox is; what was made of the new incarnation is removed by a job.</summary>
    /// <param name="phase">The phase that failed; null: the one it was in.</param>
    public Result<SandboxTransition> RestoreFailed(
        SandboxInstance record, string? phase, PhaseStatus status, string reason, DateTimeOffset now)
    {
        if (!record.Apply(SandboxEvent.RestoreFailed, now).TryGet(out var archived, out var error))
        {
            return error;
        }

        return Removing(record, auto.WithArchivedDeadline(archived, now) with
        {
            Reason = reason,
            Phases = Marked(record.Phases, phase, status, reason, now),
        });
    }

    /// <summary>The record of a sandbox whose automatic archive is due where nothing can be archived (any more), marked as one
    /// that waits for better times; null for any other. To be written as an update of facts.</summary>
    public SandboxInstance? MustWaitForAnArchive(SandboxInstance record) =>
        record is { State: SandboxState.Stopped, AutoTransitionState: SandboxState.Archiving } && WhyNeverArchived(record) is not null
            ? record with { AutoTransitionState = SandboxState.Archived }
            : null;

    private const string NoStore = "this server has no archive store (setting Archive:Store)";

    private static SandboxTransition Discarding(SandboxInstance from, SandboxInstance next, ArchiveFacts archive) =>
        new(from, next, Discard(next, archive.Incarnation));

    private static DiscardArchiveJob Discard(SandboxInstance record, IncarnationId archived) =>
        new() { SandboxId = record.Id, SandboxVersion = record.Version, Incarnation = archived };

    private string? WhyNeverArchived(SandboxInstance record) =>
        !auto.CanArchive ? NoStore
        : record.Spec.Deployment is not DeploymentKind.Docker ? "only a sandbox that Docker runs can be archived"
        : record.Spec.UseKata ? "the disk image of a kata sandbox is not part of its file system"
        : null;

    private string NotArchived() => $"not archived {Seconds(auto.Options.ArchiveTimeout)} s after it was asked for";

    private string NotRestored() => $"not restored {Seconds(auto.Options.RestoreTimeout)} s after it was asked for";
}
