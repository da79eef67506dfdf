namespace Sandbox.Contracts.Rollouts;

/// <summary>One thing that somebody did, chained to all before it.</summary>
/// <param name="Number">From 1, without a gap.</param>
/// <param name="Actor">As whom they authenticated.</param>
/// <param name="Detail">The rest, as JSON.</param>
public sealed record AuditEntryResult(
    long Number, DateTimeOffset At, string Actor, string Action, string Subject, string Detail, string Previous, string Hash);

/// <param name="Problem">The first entry that does not fit, in words; null: the chain is whole.</param>
/// <param name="NewestHash">Note it elsewhere: given with <c>last</c>, entries taken off the end are noticed, too.</param>
public sealed record AuditVerificationResult(bool IsWhole, string? Problem, long Entries, string NewestHash);
