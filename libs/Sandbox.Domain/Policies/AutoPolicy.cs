using Sandbox.Domain.Lifecycle;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Policies;

/// <summary>What a sandbox becomes by itself after a stop: resolved from the request when it
/// is created, turned into an absolute deadline when it stops.</summary>
/// <param name="current">The options as they are configured now.</param>
/// <param name="canArchive">There is somewhere to put archives.</param>
public sealed class AutoPolicy(Func<LifecycleOptions> current, bool canArchive = false)
{
    public AutoPolicy(LifecycleOptions options, bool canArchive = false)
        : this(() => options, canArchive)
    {
    }

    public LifecycleOptions Options => current();

    public bool CanArchive => canArchive;

    /// <summary>The effective delays of a new sandbox. An archive that was asked for wins over a delete; the server's
    /// bound shortens both; a delete after nothing, or none at all, means that a stop deletes at once.</summary>
    public AutoTransitions Resolve(TimeSpan? archive, TimeSpan? delete)
    {
        if (archive is { } asked)
        {
            return new AutoTransitions(Bounded(asked), Delete: null, RemoveContainer: false);
        }

        return (delete ?? Options.AutoDelete) is { } delay
            ? new AutoTransitions(Archive: null, Bounded(delay), RemoveContainer: Bounded(delay) == TimeSpan.Zero)
            : new AutoTransitions(Archive: null, Delete: null, Options.RemoveContainer);
    }

    /// <summary>Only a stop that was asked for, or an expiry, cascades; a failed start and a loss never do.</summary>
    public static bool CascadesToDelete(SandboxSpec spec) => spec.RemoveContainer || spec.AutoDelete == TimeSpan.Zero;

    /// <summary>Sets the deadline of a record that has just become stopped by <paramref name="happened"/>.</summary>
    public SandboxInstance WithDeadline(SandboxInstance stopped, SandboxEvent happened, DateTimeOffset now) =>
        DelayOf(stopped.Spec, happened) is var (becomes, delay)
            ? stopped with { AutoTransitionState = becomes, AutoTransitionAt = now + delay }
            : stopped with { AutoTransitionState = null, AutoTransitionAt = null };

    /// <summary>Sets the deadline of a record that has just become archived.</summary>
    public SandboxInstance WithArchivedDeadline(SandboxInstance archived, DateTimeOffset now) =>
        WithDelete(archived, Options.AutoDeleteArchived, now);

    /// <summary>Sets the deadline of a record whose archive has failed: its own wish for an archive is spent.</summary>
    public SandboxInstance WithFailedArchiveDeadline(SandboxInstance stopped, DateTimeOffset now) =>
        WithDelete(stopped, Options.AutoDelete, now);

    private static SandboxInstance WithDelete(SandboxInstance record, TimeSpan? delay, DateTimeOffset now) => record with
    {
        AutoTransitionState = delay is null ? null : SandboxState.Deleted,
        AutoTransitionAt = now + delay,
    };

    private (SandboxState Becomes, TimeSpan Delay)? DelayOf(SandboxSpec spec, SandboxEvent happened)
    {
        if (happened is SandboxEvent.StartFailed)
        {
            // A caller that asks for the reason of the failure has time to do so, however short the delay is.
            return spec.RemoveContainer || spec.AutoDelete is not null
                ? (SandboxState.Deleted, Longer(spec.AutoDelete, Options.FailedStartRetention))
                : null;
        }

        if (happened is SandboxEvent.Lost && CascadesToDelete(spec))
        {
            return (SandboxState.Deleted, Options.LostRetention);
        }

        return (spec.AutoArchive, spec.AutoDelete) switch
        {
            // Where nothing can be archived the wish is told and never due.
            ({ } archive, _) => (canArchive ? SandboxState.Archiving : SandboxState.Archived, archive),
            (null, { } delete) => (SandboxState.Deleted, delete),
            _ => null,
        };
    }

    private static TimeSpan Longer(TimeSpan? one, TimeSpan other) => one > other ? one.Value : other;

    private TimeSpan Bounded(TimeSpan delay) => Options.AutoDelete is { } bound && bound < delay ? bound : delay;
}

/// <param name="Archive">Delay between stop and archive; null: never.</param>
/// <param name="Delete">Delay between stop and delete; null: never by a deadline.</param>
/// <param name="RemoveContainer">A stop deletes at once.</param>
public sealed record AutoTransitions(TimeSpan? Archive, TimeSpan? Delete, bool RemoveContainer);
