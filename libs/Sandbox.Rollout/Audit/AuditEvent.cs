namespace Sandbox.Rollout.Audit;

/// <summary>Something done that is about to be written into the log, together with what it changes.</summary>
/// <inheritdoc cref="AuditEntry" path="/param"/>
public sealed record AuditEvent(DateTimeOffset At, string Actor, string Action, string Subject, string Detail = "{}");
