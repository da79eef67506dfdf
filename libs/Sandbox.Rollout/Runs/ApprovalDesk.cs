using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Plans;
using Sandbox.Rollout.Stores;

namespace Sandbox.Rollout.Runs;

/// <summary>Requests for a consent and what people say to them. Each step is written over the version that it was taken from, and into
/// the audit log with it.</summary>
public sealed class ApprovalDesk(IRolloutStore store, ApprovalPolicy policy, TimeProvider time)
{
    public async Task<Approval> RequestAsync(Checkpoint checkpoint, RolloutPlan plan, string by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var request = new Approval(Guid.NewGuid(), plan.Hash, by, now, now + policy.GoodFor)
        {
            Needed = policy.Needed,
            IsDestructive = checkpoint.IsDestructive,
            AllowsOwnConsent = policy.AllowsOwnConsent,
        };
        return await store.TryWriteAsync(
            request, new AuditEvent(now, by, "approval.requested", request.Id.ToString(), AuditEvent.DetailOf(("plan", plan.Hash))),
            cancellationToken)
            ? request
            : throw new InvalidOperationException($"There is an approval {request.Id} already.");
    }

    public Task<ApprovalOutcome> ApproveAsync(
        Guid id, string by, string reason, bool acknowledgesRisks, CancellationToken cancellationToken) =>
        StepAsync(
            id, by, reason, "approval.granted", (approval, consent) => approval.Approve(consent, acknowledgesRisks, consent.At),
            cancellationToken);

    public Task<ApprovalOutcome> DenyAsync(Guid id, string by, string reason, CancellationToken cancellationToken) =>
        StepAsync(id, by, reason, "approval.denied", (approval, consent) => approval.Deny(consent, consent.At), cancellationToken);

    public Task<ApprovalOutcome> RevokeAsync(Guid id, string by, string reason, CancellationToken cancellationToken) =>
        StepAsync(id, by, reason, "approval.revoked", (approval, consent) => approval.Revoke(consent, consent.At), cancellationToken);

    /// <summary>The newest consent that the run of a plan may use up now; null when there is none.</summary>
    public async Task<Approval?> FindApprovedAsync(string planHash, CancellationToken cancellationToken) =>
        (await store.ApprovalsAsync(cancellationToken))
            .FirstOrDefault(approval => approval.PlanHash == planHash && approval.StateAt(time.GetUtcNow()) is ApprovalState.Approved);

    private async Task<ApprovalOutcome> StepAsync(
        Guid id, string by, string reason, string action, Func<Approval, Consent, ApprovalOutcome> step,
        CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await store.FindApprovalAsync(id, cancellationToken) is not { } approval)
            {
                return ApprovalRefusal.Unknown;
            }

            var now = time.GetUtcNow();
            var outcome = step(approval, new Consent(by, reason, now));
            if (!outcome.TryGet(out var next, out _))
            {
                return outcome;
            }

            var what = new AuditEvent(now, by, action, id.ToString(), AuditEvent.DetailOf(("reason", reason)));
            if (await store.TryWriteAsync(next, what, cancellationToken))
            {
                return next;
            }
        }
    }
}
