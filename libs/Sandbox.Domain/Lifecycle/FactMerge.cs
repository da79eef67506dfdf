namespace Sandbox.Domain.Lifecycle;

/// <summary>
/// Between the moment a writer reads a record and the moment it writes a transition, others may have updated facts (host,
/// phases, idle deadline): an update of facts does not raise the version, so the transition is not refused. What the writer
/// did not touch keeps the value that the record has now, so that a stop never loses, for example, the host that a restart
/// needs.
/// </summary>
public static class FactMerge
{
    /// <summary>All of them, for every store: the same list makes the merge in memory and the one that a database does.</summary>
    public static IReadOnlyList<MergedFact> All { get; } =
    [
        // A host is never overwritten by a missing one.
        Fact("host_name", static record => record.HostName, static (record, value) => record with { HostName = value }, isNeverUnset: true),
        Fact("host_ip", static record => record.HostIp, static (record, value) => record with { HostIp = value }, isNeverUnset: true),
        Fact("idle_deadline", static record => record.IdleDeadline, static (record, value) => record with { IdleDeadline = value }),
        Fact(
            "passing_deadline", static record => record.TransientDeadline,
            static (record, value) => record with { TransientDeadline = value }),
        Fact(
            "effective_disk_bytes", static record => record.EffectiveDiskBytes,
            static (record, value) => record with { EffectiveDiskBytes = value }),
        Fact(
            "effective_log_bytes", static record => record.EffectiveLogBytes,
            static (record, value) => record with { EffectiveLogBytes = value }),
        Fact(
            "effective_network", static record => record.EffectiveNetwork,
            static (record, value) => record with { EffectiveNetwork = value }),
        Fact("reason", static record => record.Reason, static (record, value) => record with { Reason = value }),
        Fact("live_snapshot", static record => record.LiveSnapshot, static (record, value) => record with { LiveSnapshot = value }),
        new MergedFact(
            "phases", IsNeverUnset: false,
            static (next, read) => next.Phases.SequenceEqual(read.Phases),
            static _ => true,
            static (record, from) => record with { Phases = from.Phases }),
    ];

    /// <param name="next">What the writer wants to write.</param>
    /// <param name="read">What it had read.</param>
    /// <param name="current">What the record is now; same version as <paramref name="read"/>.</param>
    public static SandboxInstance Keep(SandboxInstance next, SandboxInstance read, SandboxInstance current) => All.Aggregate(
        next,
        (merged, fact) => fact.IsUntouched(next, read) || (fact.IsNeverUnset && !fact.IsSet(next)) ? fact.Copy(merged, current) : merged);

    private static MergedFact Fact<T>(
        string column, Func<SandboxInstance, T> get, Func<SandboxInstance, T, SandboxInstance> set, bool isNeverUnset = false) => new(
            column, isNeverUnset,
            (next, read) => EqualityComparer<T>.Default.Equals(get(next), get(read)),
            record => get(record) is not null,
            (record, from) => set(record, get(from)));
}

/// <summary>A fact of a record that others may update beside a transition.</summary>
/// <param name="Column">Its name in a database.</param>
/// <param name="IsNeverUnset">A value is kept where the writer has none.</param>
/// <param name="IsUntouched">Whether the writer leaves it as it had read it: what it wants to write, and what it had read.</param>
/// <param name="IsSet">Whether the record has a value.</param>
/// <param name="Copy">The first record with the second one's value.</param>
public sealed record MergedFact(
    string Column, bool IsNeverUnset, Func<SandboxInstance, SandboxInstance, bool> IsUntouched, Func<SandboxInstance, bool> IsSet,
    Func<SandboxInstance, SandboxInstance, SandboxInstance> Copy);
