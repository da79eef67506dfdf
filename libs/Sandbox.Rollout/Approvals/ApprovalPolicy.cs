namespace Sandbox.Rollout.Approvals;

/// <summary>What the operator asks of a consent.</summary>
public sealed record ApprovalPolicy
{
    /// <summary>How many different people must consent.</summary>
    public int Needed { get; init; } = 1;

    /// <summary>Who asks may consent: for one person at their own machine.</summary>
    public bool AllowsOwnConsent { get; init; }

    /// <summary>From the request until it can neither be given nor used.</summary>
    public TimeSpan GoodFor { get; init; } = TimeSpan.FromHours(8);
}
