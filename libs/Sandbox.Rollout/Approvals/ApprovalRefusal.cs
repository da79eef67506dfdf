namespace Sandbox.Rollout.Approvals;

/// <summary>Why a step of an approval was not taken.</summary>
public enum ApprovalRefusal
{
    /// <summary>There is no such request.</summary>
    Unknown,

    /// <summary>It was denied, revoked, used up, or its time is over.</summary>
    Over,

    /// <summary>Nobody says who they are.</summary>
    NoIdentity,

    NoReason,

    /// <summary>The plan destroys something, and it was not said that this is known.</summary>
    RisksNotAcknowledged,

    /// <summary>Who asked for it may not consent to it.</summary>
    OwnRequest,

    /// <summary>This person has consented to it already.</summary>
    SamePerson,

    /// <summary>Not enough people have consented yet.</summary>
    NotApproved,

    /// <summary>The run would do something else than what was consented to.</summary>
    PlanChanged,
}
