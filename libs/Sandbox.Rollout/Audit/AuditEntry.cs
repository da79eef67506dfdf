namespace Sandbox.Rollout.Audit;

/// <summary>One thing that somebody did, chained to all that was done before it.</summary>
/// <param name="Number">From 1, without a gap.</param>
/// <param name="Actor">As whom they authenticated.</param>
/// <param name="Action">For example <c>approval.granted</c>.</param>
/// <param name="Subject">What it was done to: the id of an approval or a run.</param>
/// <param name="Detail">The rest, as JSON without secrets.</param>
/// <param name="Previous">The hash of the entry before; of the first one, <see cref="AuditChain.Start"/>.</param>
/// <param name="Hash">SHA-256 over all of the above, in lower-case hexadecimal digits.</param>
public sealed record AuditEntry(
    long Number, DateTimeOffset At, string Actor, string Action, string Subject, string Detail, string Previous, string Hash);
