namespace Sandbox.Rollout.Approvals;

/// <summary>A person's yes or no, with the reason that they gave.</summary>
public sealed record Consent(string By, string Reason, DateTimeOffset At);
