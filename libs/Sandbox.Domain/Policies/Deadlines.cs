using Sandbox.Domain.Lifecycle;

namespace Sandbox.Domain.Policies;

/// <summary>Which of a record's absolute deadlines counts now. Pure functions of the record and a moment.</summary>
public static class Deadlines
{
    /// <summary>When something has to happen to the record by itself; null: never. The store keeps it beside the record,
    /// so that the scan for due ones reads one index.</summary>
    public static DateTimeOffset? NextOf(SandboxInstance record) => record.State switch
    {
        SandboxState.Pending or SandboxState.Archiving => record.TransientDeadline,
        SandboxState.Running => StopOf(record, record.IdleDeadline),
        // One that was to become archived where nothing could be archived is marked so (see AutoPolicy) and never due.
        SandboxState.Stopped or SandboxState.Archived when record.AutoTransitionState is SandboxState.Deleted or SandboxState.Archiving =>
            record.AutoTransitionAt,
        _ => null,
    };

    /// <summary>When a running sandbox is stopped however much it is used; null: never.</summary>
    public static DateTimeOffset? EndOfLife(SandboxInstance record) =>
        record is { State: SandboxState.Running, StartedAt: { } started, Spec.MaxLifetime: { } longest } ? started + longest : null;

    /// <summary>The earlier one of a sandbox's idle deadline, as fresh as the caller knows it, and the end of its life.</summary>
    public static DateTimeOffset? StopOf(SandboxInstance record, DateTimeOffset? idleDeadline) =>
        EndOfLife(record) is { } end && !(idleDeadline < end) ? end : idleDeadline;

    public static bool IsDue(SandboxInstance record, DateTimeOffset now) => NextOf(record) <= now;

    public static bool IsIdle(SandboxInstance record, DateTimeOffset now) =>
        record.State is SandboxState.Running && record.IdleDeadline <= now;

    public static bool IsStuck(SandboxInstance record, DateTimeOffset now) =>
        record.State is SandboxState.Pending or SandboxState.Archiving && record.TransientDeadline <= now;
}
