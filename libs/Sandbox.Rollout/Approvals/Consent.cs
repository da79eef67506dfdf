namespace Sandbox.Rollout.Approvals;

/// <summary>A person's yes or no, with the reason that they gave.</summary>
/// <param name="By">As whom they authenticated: what counts.</param>
public sealed record Consent(string By, string Reason, DateTimeOffset At)
{
    /// <summary>Whom they say that they speak for; null where they did not say. It decides nothing.</summary>
    public string? OnBehalfOf { get; init; }
}
