using Sandbox.Contracts.Rollouts;
using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Audit;
using Sandbox.Rollout.Checkpoints;
using Sandbox.Rollout.Executions;
using Sandbox.Rollout.Plans;
using Sandbox.Rollout.Records;

namespace Sandbox.Api.Rollouts;

/// <summary>Plans, consents, runs and the audit log as they travel.</summary>
internal static class RolloutMessages
{
    public static PlanResult Of(Checkpoint checkpoint, RolloutPlan plan, Guid? approval) =>
        new(checkpoint.Name, plan.Hash, plan.Targets, [.. checkpoint.ImpactShown], plan.Changes) { ApprovalId = approval };

    public static ExecutionResult Of(Execution run) => new(
        run.Checkpoint, run.Id, StatusWord.Of(run.State), run.StartedBy, run.StartedAt, run.EndedAt, run.Error);

    public static ApprovalResult Of(Approval approval, DateTimeOffset now) => new(
        approval.Id, approval.Checkpoints, approval.StateAt(now).ToString().ToLowerInvariant(), approval.PlanHash, approval.RequestedBy,
        approval.RequestedAt, approval.ExpiresAt, approval.Needed)
    {
        Consents = [.. approval.Consents.Select(Of)],
        EndedBy = (approval.Denial ?? approval.Revocation) is { } end ? Of(end) : null,
        ConsumedBy = approval.ConsumedBy,
    };

    public static AuditEntryResult Of(AuditEntry entry) => new(
        entry.Number, entry.At, entry.Actor, entry.Action, entry.Subject, entry.Detail, entry.Previous, entry.Hash);

    private static ConsentResult Of(Consent consent) => new(consent.By, consent.OnBehalfOf, consent.Reason, consent.At);
}
