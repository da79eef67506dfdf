using Sandbox.Rollout.Approvals;

namespace Sandbox.Api.Rollouts;

/// <summary>Why a step of a consent was not taken, as a caller is told.</summary>
internal static class ApprovalRefusals
{
    public static RolloutProblemResult ResultOf(ApprovalRefusal refusal, string checkpoint)
    {
        var (status, code, text) = refusal switch
        {
            ApprovalRefusal.Unknown => (StatusCodes.Status404NotFound, "not_found", "There is no such request for a consent."),
            ApprovalRefusal.NoIdentity => (StatusCodes.Status400BadRequest, "no_identity", "approved_by: say who consents."),
            ApprovalRefusal.NoReason =>
                (StatusCodes.Status400BadRequest, "no_reason", $"reason: 1 to {Approval.LongestReason} characters."),
            ApprovalRefusal.RisksNotAcknowledged =>
                (StatusCodes.Status400BadRequest, "risks_not_acknowledged",
                    "The plan destroys something: say with acknowledge_risks that this is known."),
            ApprovalRefusal.OwnRequest =>
                (StatusCodes.Status403Forbidden, "own_request", "The caller asked for this consent: another one must give it."),
            ApprovalRefusal.SamePerson =>
                (StatusCodes.Status409Conflict, "same_person", "The caller has consented already: another one must."),
            ApprovalRefusal.Over =>
                (StatusCodes.Status409Conflict, "approval_over", "It was denied, revoked or used up, or its time is over."),
            ApprovalRefusal.NotApproved => (StatusCodes.Status409Conflict, "not_approved", "Not enough callers have consented yet."),
            _ => (StatusCodes.Status409Conflict, "plan_changed", "The plan is not the one that was looked at."),
        };
        return new RolloutProblemResult(status, code, text) { Checkpoint = checkpoint };
    }
}
