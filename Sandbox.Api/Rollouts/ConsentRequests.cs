using Sandbox.Contracts.Rollouts;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Plans;

namespace Sandbox.Api.Rollouts;

/// <summary>Requests for a consent as callers of the interface file and answer them.</summary>
internal sealed class ConsentRequests(RolloutAccess rollout, TimeProvider time)
{
    private const int LongestName = 200;

    // Of one checkpoint, in one answer.
    private const int MostShown = 20;

    /// <summary>What is wrong with a consent, whatever it is to; null: nothing.</summary>
    public static RolloutProblemResult? ProblemOf(ApprovalGrantRequest grant, bool isDestructive, string checkpoint) =>
        string.IsNullOrWhiteSpace(grant.ApprovedBy) ? ApprovalRefusals.ResultOf(ApprovalRefusal.NoIdentity, checkpoint)
        : grant.ApprovedBy.Length > LongestName || grant.ApprovedBy.Any(char.IsControl)
            ? RolloutProblemResult.BadRequest($"approved_by: at most {LongestName} printable characters.")
        : ProblemOf(grant.Reason, checkpoint) is { } problem ? problem
        : isDestructive && !grant.AcknowledgeRisks ? ApprovalRefusals.ResultOf(ApprovalRefusal.RisksNotAcknowledged, checkpoint)
        : null;

    public static RolloutProblemResult? ProblemOf(string? reason, string checkpoint) =>
        string.IsNullOrWhiteSpace(reason) || reason.Length > Approval.LongestReason
            ? ApprovalRefusals.ResultOf(ApprovalRefusal.NoReason, checkpoint)
            : null;

    /// <summary>The newest requests that a consent to a checkpoint would answer, or was given to and is not used.</summary>
    public async Task<IReadOnlyList<Approval>> OpenAsync(Checkpoint checkpoint, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return
        [
            .. (await rollout.Store.ApprovalsAsync(cancellationToken))
                .Where(approval => approval.Checkpoints.Contains(checkpoint.Name)
                    && approval.StateAt(now) is ApprovalState.Requested or ApprovalState.Approved)
                .Take(MostShown),
        ];
    }

    /// <summary>The request for a plan that waits for an answer, whoever filed it, or a new one.</summary>
    public async Task<Approval> FindOrFileAsync(Checkpoint checkpoint, RolloutPlan plan, string by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return (await OpenAsync(checkpoint, cancellationToken))
            .FirstOrDefault(approval => approval.PlanHash == plan.Hash && approval.StateAt(now) is ApprovalState.Requested)
            ?? await rollout.Desk.RequestAsync(plan, by, cancellationToken);
    }

    /// <param name="grant">After <see cref="ProblemOf(ApprovalGrantRequest, bool, string)"/> found none.</param>
    /// <param name="by">Who the caller is.</param>
    public Task<ApprovalOutcome> GrantAsync(
        Approval request, ApprovalGrantRequest grant, string by, CancellationToken cancellationToken) =>
        rollout.Desk.ApproveAsync(
            request.Id, new Consent(by, grant.Reason!, time.GetUtcNow()) { OnBehalfOf = grant.ApprovedBy }, grant.AcknowledgeRisks,
            cancellationToken);

    /// <summary>The run needs a consent: what it would do, and the request that was filed for it.</summary>
    public async Task<RolloutProblemResult> RequiredAsync(
        Checkpoint checkpoint, RolloutPlan plan, string by, CancellationToken cancellationToken)
    {
        var request = await FindOrFileAsync(checkpoint, plan, by, cancellationToken);
        var isOther = (await OpenAsync(checkpoint, cancellationToken))
            .Any(approval => approval.PlanHash != plan.Hash && approval.StateAt(time.GetUtcNow()) is ApprovalState.Approved);
        var text = $"{checkpoint.Name} runs only with a consent to its plan {plan.Hash}: "
            + $"POST /api/v1/approvals/{request.Id} with approved_by and reason"
            + $"{(checkpoint.IsDestructive ? " and acknowledge_risks" : "")} gives one."
            + (isOther ? " The plan is not the one that was consented to before." : "");
        return new RolloutProblemResult(StatusCodes.Status400BadRequest, "approval_required", text)
        {
            Checkpoint = checkpoint.Name,
            ApprovalInfo = InfoOf(checkpoint, [request]),
        };
    }

    public ApprovalInfoResult InfoOf(Checkpoint checkpoint, IEnumerable<Approval> requests) => new(
        checkpoint.Name, checkpoint.RequiresApproval, checkpoint.IsDestructive,
        checkpoint.RequiresApproval ? rollout.ApprovalFileOf(checkpoint) : null,
        checkpoint.RequiresApproval
            ? $"{checkpoint.Name} runs only with a consent to its plan, which one run uses up."
            : $"{checkpoint.Name} needs no consent.",
        [.. checkpoint.ImpactShown])
    {
        Requests = [.. requests.Select(request => RolloutMessages.Of(request, time.GetUtcNow()))],
    };
}
