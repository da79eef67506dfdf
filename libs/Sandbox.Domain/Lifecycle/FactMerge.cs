namespace Sandbox.Domain.Lifecycle;

/// <summary>
/// Between the moment a writer reads a record and the moment it moves it, others may have amended facts (host, phases,
/// idle deadline): an amend does not raise the version, so the move is not refused. What the writer did not touch keeps
/// the value that the record has now, so that a stop never loses, for example, the host that a restart needs.
/// </summary>
public static class FactMerge
{
    /// <param name="next">What the writer wants to write.</param>
    /// <param name="read">What it had read.</param>
    /// <param name="current">What the record is now; same version as <paramref name="read"/>.</param>
    public static SandboxInstance Keep(SandboxInstance next, SandboxInstance read, SandboxInstance current) => next with
    {
        // A host is never overwritten by a missing one.
        HostName = Pick(next.HostName, read.HostName, current.HostName) ?? current.HostName,
        HostIp = Pick(next.HostIp, read.HostIp, current.HostIp) ?? current.HostIp,
        IdleDeadline = Pick(next.IdleDeadline, read.IdleDeadline, current.IdleDeadline),
        TransientDeadline = Pick(next.TransientDeadline, read.TransientDeadline, current.TransientDeadline),
        EffectiveDiskBytes = Pick(next.EffectiveDiskBytes, read.EffectiveDiskBytes, current.EffectiveDiskBytes),
        EffectiveLogBytes = Pick(next.EffectiveLogBytes, read.EffectiveLogBytes, current.EffectiveLogBytes),
        Reason = Pick(next.Reason, read.Reason, current.Reason),
        LiveSnapshot = Pick(next.LiveSnapshot, read.LiveSnapshot, current.LiveSnapshot),
        Phases = next.Phases.SequenceEqual(read.Phases) ? current.Phases : next.Phases,
    };

    private static T Pick<T>(T next, T read, T current) =>
        EqualityComparer<T>.Default.Equals(next, read) ? current : next;
}
