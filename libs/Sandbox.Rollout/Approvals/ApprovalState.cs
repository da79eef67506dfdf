namespace Sandbox.Rollout.Approvals;

/// <summary>Where a request for a consent stands. All but <see cref="Requested"/> and <see cref="Approved"/> are its end.</summary>
public enum ApprovalState
{
    Requested,

    /// <summary>Enough people consented; the next run of the plan uses it up.</summary>
    Approved,

    Denied,
    Revoked,
    Expired,

    /// <summary>A run has begun with it; how that run ended changes nothing.</summary>
    Consumed,
}
