using System.Collections.Immutable;
using Sandbox.Contracts.Ids;
using Sandbox.Domain.Errors;
using Sandbox.Domain.Specs;

namespace Sandbox.Domain.Lifecycle;

/// <summary>
/// A sandbox as its record knows it. State changes only through <see cref="Apply"/>, and is written only by the store's
/// compare-and-set on <see cref="Version"/>. All deadlines are absolute, so that nothing moves them later.
/// </summary>
public sealed record SandboxInstance
{
    /// <summary>Entries kept in the history.</summary>
    public const int HistoryLimit = 100;

    /// <summary>The tenant of those that were made without a key.</summary>
    public const string DefaultTenant = "default";

    public required SandboxId Id { get; init; }

    /// <summary>Grows by one with each transition; an id that was deleted and is used again goes on from there.</summary>
    public required long Version { get; init; }

    public required SandboxState State { get; init; }

    public required IncarnationId Incarnation { get; init; }

    public required SandboxSpec Spec { get; init; }

    /// <summary>The tenant that owns it: found by the key of the caller that asked for it, and never by what a request says of
    /// itself.</summary>
    public string Tenant { get; init; } = DefaultTenant;

    public SandboxOwner Owner { get; init; } = new();

    /// <summary>Name and address of the node that has the container.</summary>
    public string? HostName { get; init; }

    public string? HostIp { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? StoppedAt { get; init; }

    public DateTimeOffset? ArchivedAt { get; init; }

    public DateTimeOffset? DeletedAt { get; init; }

    /// <summary>When an idle sandbox is stopped. Moved on by activity, in steps (see <c>ActivityPolicy</c>).</summary>
    public DateTimeOffset? IdleDeadline { get; init; }

    /// <summary>When a pending (archiving, restoring) sandbox has failed. Null in every resting state.</summary>
    public DateTimeOffset? TransientDeadline { get; init; }

    /// <summary>What a stopped or archived sandbox becomes by itself, and when.</summary>
    public SandboxState? AutoTransitionState { get; init; }

    public DateTimeOffset? AutoTransitionAt { get; init; }

    public ImmutableList<SandboxPhase> Phases { get; init; } = [];

    /// <summary>Why the sandbox is in its state, where that is not what a caller asked for (lost, start failed, expired).</summary>
    public string? Reason { get; init; }

    /// <summary>The disk limit that the engine really enforces, bytes; null when none is in effect.</summary>
    public long? EffectiveDiskBytes { get; init; }

    /// <summary>The limit that what the sandbox logs counts against, bytes: that of its disk, or null.</summary>
    public long? EffectiveLogBytes { get; init; }

    /// <summary>What keeps its network apart, in words for people: <c>isolated</c>, <c>limited</c> (and by its own lists),
    /// <c>none</c> (it has no network), or what is missing and why. Null: not known.</summary>
    public string? EffectiveNetwork { get; init; }

    /// <summary>Where the files of an archived (or restoring) sandbox are; null for any other.</summary>
    public ArchiveFacts? Archive { get; init; }

    /// <summary>It is pending because it was archived: whatever comes of that, its files are in the archive.</summary>
    public bool IsRestoring => State is SandboxState.Pending && Archive is not null;

    public ImmutableList<StateChange> History { get; init; } = [];

    /// <summary>The whole live entry at the last stop, as JSON: what archive_cache wrote and restore_cache seeds from. Null for a deleted
    /// one.</summary>
    public string? LiveSnapshot { get; init; }

    /// <summary>The record after something happened, one version on, or why that cannot happen now. Sets the times that
    /// belong to the new state; policies (deadlines) are added by the caller.</summary>
    public Result<SandboxInstance> Apply(SandboxEvent happened, DateTimeOffset now)
    {
        if (!SandboxLifecycle.TryNext(State, happened, out var next))
        {
            return new SandboxError.WrongState(Id, State.Name(), happened.Name());
        }

        if (next == State)
        {
            return this;
        }

        var changed = this with
        {
            Version = Version + 1,
            State = next,
            Reason = null,
            TransientDeadline = null,
            AutoTransitionState = null,
            AutoTransitionAt = null,
            History = Remember(History, new StateChange(State, next, happened, now)),
        };

        return next switch
        {
            SandboxState.Pending =>
                changed with { StartedAt = null, StoppedAt = null, IdleDeadline = null, Phases = [.. SandboxPhase.BeforeStart] },
            SandboxState.Running =>
                changed with { StartedAt = now, ArchivedAt = null, Archive = null, IdleDeadline = now + Spec.IdleTimeout },
            SandboxState.Stopped when happened is SandboxEvent.ArchiveFailed => changed,
            SandboxState.Stopped => changed with { StoppedAt = now, IdleDeadline = null },
            SandboxState.Archived when happened is SandboxEvent.ArchiveDone => changed with { ArchivedAt = now },
            SandboxState.Deleted => changed with { DeletedAt = now, Spec = Spec.ToTombstone(), LiveSnapshot = null },
            _ => changed,
        };
    }

    private static ImmutableList<StateChange> Remember(ImmutableList<StateChange> history, StateChange change)
    {
        var longer = history.Add(change);
        return longer.Count > HistoryLimit ? longer.RemoveRange(0, longer.Count - HistoryLimit) : longer;
    }
}
