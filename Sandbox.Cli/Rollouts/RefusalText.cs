using Sandbox.Rollout.Approvals;

namespace Sandbox.Cli.Rollouts;

/// <summary>Why a step of an approval was not taken, as a person is told.</summary>
internal static class RefusalText
{
    public static string Of(ApprovalRefusal refusal) => refusal switch
    {
        ApprovalRefusal.Unknown => "there is no such request; see sandbox deploy approvals",
        ApprovalRefusal.Over => "it was denied, revoked or used up, or its time is over",
        ApprovalRefusal.NoIdentity => "the system does not say who you are",
        ApprovalRefusal.NoReason => $"say why, in at most {Approval.LongestReason} characters",
        ApprovalRefusal.RisksNotAcknowledged => "the plan destroys something: say with --acknowledge-risks that you know that",
        ApprovalRefusal.OwnRequest => "who asked for it may not approve it",
        ApprovalRefusal.SamePerson => "you have approved it already; another person must",
        ApprovalRefusal.NotApproved => "not enough people have approved it yet",
        _ => "the plan changed after it was approved",
    };
}
