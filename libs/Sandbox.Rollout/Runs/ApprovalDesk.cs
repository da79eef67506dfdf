using System.Collections.Immutable;
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
    // Of the clocks of who wrote a file and of this process.
    private static readonly TimeSpan LargestClockDifference = TimeSpan.FromMinutes(1);

    public async Task<Approval> RequestAsync(RolloutPlan plan, string by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var request = Request(Guid.NewGuid(), plan, by, now, now);
        return await store.TryWriteAsync(
            request,
            new AuditEvent(
                now, by, "approval.requested", request.Id.ToString(),
                AuditEvent.DetailOf(("checkpoint", string.Join(' ', plan.Checkpoints)), ("plan", plan.Hash))),
            cancellationToken)
            ? request
            : throw new InvalidOperationException($"There is an approval {request.Id} already.");
    }

    /// <summary>Takes a consent over from a file, once and for the plan as it is now: a file with the same content never counts
    /// again.</summary>
    /// <param name="by">Who wants to run the plan.</param>
    /// <returns>Null when it is taken over, else why it is not.</returns>
    public async Task<string?> ImportAsync(ApprovalFile file, RolloutPlan plan, string by, CancellationToken cancellationToken)
    {
        var (now, consent) = (time.GetUtcNow(), file.Consent);
        if (consent.At > now + LargestClockDifference)
        {
            return "its approved_at is in the future";
        }

        var request = Request(file.Id, plan, by, now, consent.At);
        if (!request.Approve(consent, file.AcknowledgesRisks, now).TryGet(out var approved, out var refusal))
        {
            return refusal switch
            {
                ApprovalRefusal.Over => $"its approved_at is more than {policy.GoodFor.TotalHours:0.#} hours ago: it has expired",
                ApprovalRefusal.NoReason => $"it must have a reason of at most {Approval.LongestReason} characters",
                ApprovalRefusal.RisksNotAcknowledged => "the plan destroys something, and acknowledge_risks is not true",
                ApprovalRefusal.OwnRequest => $"it belongs to {consent.By}, who asks for the run and may not approve it",
                _ => $"it does not count: {refusal}",
            };
        }

        // Request and consent are one write: an import that is cut short has happened or has not.
        var what = new AuditEvent(
            now, consent.By, "approval.imported", file.Id.ToString(),
            DetailOf(consent, ("checkpoint", string.Join(' ', plan.Checkpoints)), ("plan", plan.Hash)));
        return await store.TryWriteAsync(approved with { Version = 0 }, what, cancellationToken) ? null : "it was taken over before";
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

    /// <summary>Whether there is a consent for these checkpoints that no run has used. The plan may have changed since.</summary>
    /// <param name="checkpoints">Their names, in their order.</param>
    public async Task<bool> IsAnyApprovedAsync(IEnumerable<string> checkpoints, CancellationToken cancellationToken) =>
        await NewestApprovedAsync(checkpoints, cancellationToken) is not null;

    /// <summary>Which parts of a plan are not as they were in the last one for the same checkpoints that people consented to; empty when
    /// there is none.</summary>
    public async Task<ImmutableArray<string>> ChangedSinceApprovalAsync(RolloutPlan plan, CancellationToken cancellationToken) =>
        await NewestApprovedAsync(plan.Checkpoints, cancellationToken) is { } approved ? plan.DifferencesFrom(approved.PlanParts) : [];

    private async Task<Approval?> NewestApprovedAsync(IEnumerable<string> checkpoints, CancellationToken cancellationToken) =>
        (await store.ApprovalsAsync(cancellationToken)).FirstOrDefault(approval =>
            approval.StateAt(time.GetUtcNow()) is ApprovalState.Approved && approval.Checkpoints.SequenceEqual(checkpoints));

    private static string DetailOf(Consent said, params (string, string)[] others)
    {
        (string, string)[] named = said.OnBehalfOf is { } other ? [("on_behalf_of", other)] : [];
        return AuditEvent.DetailOf([.. others, ("reason", said.Reason), .. named]);
    }

    private Approval Request(Guid id, RolloutPlan plan, string by, DateTimeOffset now, DateTimeOffset goodFrom) =>
        new(id, plan.Hash, by, now, goodFrom + policy.GoodFor)
        {
            Checkpoints = plan.Checkpoints,
            ContentHash = plan.ContentHash,
            PlanParts = plan.Parts,
            Needed = policy.Needed,
            IsDestructive = plan.Checkpoints.Any(name => CheckpointCatalog.Find(name) is { IsDestructive: true }),
            AllowsOwnConsent = policy.AllowsOwnConsent,
        };

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

            var what = new AuditEvent(now, said.By, action, id.ToString(), DetailOf(said));
            if (await store.TryWriteAsync(next, what, cancellationToken))
            {
                return next;
            }
        }
    }
}
