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
            Checkpoints = plan.Checkpoints,
            Needed = policy.Needed,
            IsDestructive = checkpoint.IsDestructive,
            AllowsOwnConsent = policy.AllowsOwnConsent,
        };
        return await store.TryWriteAsync(
            request,
            new AuditEvent(
                now, by, "approval.requested", request.Id.ToString(),
                AuditEvent.DetailOf(("checkpoint", checkpoint.Name), ("plan", plan.Hash))),
            cancellationToken)
            ? request
            : throw new InvalidOperationException($"There is an approval {request.Id} already.");
    }

    public Task<ApprovalOutcome> ApproveAsync(
        Guid id, string by, string reason, bool acknowledgesRisks, CancellationToken cancellationToken) =>
        ApproveAsync(id, new Consent(by, reason, time.GetUtcNow()), acknowledgesRisks, cancellationToken);

    public Task<ApprovalOutcome> ApproveAsync(
        Guid id, Consent consent, bool acknowledgesRisks, CancellationToken cancellationToken) =>
        StepAsync(
            id, consent, "approval.granted", (approval, given) => approval.Approve(given, acknowledgesRisks, given.At),
            cancellationToken);

    public Task<ApprovalOutcome> DenyAsync(Guid id, string by, string reason, CancellationToken cancellationToken) =>
        StepAsync(
            id, new Consent(by, reason, time.GetUtcNow()), "approval.denied", (approval, denial) => approval.Deny(denial, denial.At),
            cancellationToken);

    public Task<ApprovalOutcome> RevokeAsync(Guid id, string by, string reason, CancellationToken cancellationToken) =>
        StepAsync(
            id, new Consent(by, reason, time.GetUtcNow()), "approval.revoked",
            (approval, revocation) => approval.Revoke(revocation, revocation.At), cancellationToken);

    /// <summary>The newest consent that the run of a plan may use up now; null when there is none.</summary>
    /// <param name="id">This one and no other; null: any.</param>
    public async Task<Approval?> FindApprovedAsync(string planHash, Guid? id, CancellationToken cancellationToken) =>
        (await store.ApprovalsAsync(cancellationToken)).FirstOrDefault(approval => (id is null || approval.Id == id)
            && approval.PlanHash == planHash && approval.StateAt(time.GetUtcNow()) is ApprovalState.Approved);

    private async Task<ApprovalOutcome> StepAsync(
        Guid id, Consent said, string action, Func<Approval, Consent, ApprovalOutcome> step, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await store.FindApprovalAsync(id, cancellationToken) is not { } approval)
            {
                return ApprovalRefusal.Unknown;
            }

            var now = time.GetUtcNow();
            var outcome = step(approval, said with { At = now });
            if (!outcome.TryGet(out var next, out _))
            {
                return outcome;
            }

            var detail = AuditEvent.DetailOf(
                [("reason", said.Reason), .. said.OnBehalfOf is { } named ? [("on_behalf_of", named)] : Array.Empty<(string, string)>()]);
            var what = new AuditEvent(now, said.By, action, id.ToString(), detail);
            if (await store.TryWriteAsync(next, what, cancellationToken))
            {
                return next;
            }
        }
    }
}
