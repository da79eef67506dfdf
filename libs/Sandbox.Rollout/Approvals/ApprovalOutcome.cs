using System.Diagnostics.CodeAnalysis;

namespace Sandbox.Rollout.Approvals;

/// <summary>The approval after a step, or why the step was not taken.</summary>
public readonly record struct ApprovalOutcome
{
    private readonly Approval? _next;
    private readonly ApprovalRefusal _refusal;

    private ApprovalOutcome(Approval? next, ApprovalRefusal refusal) => (_next, _refusal) = (next, refusal);

    public static implicit operator ApprovalOutcome(Approval next) => new(next, default);

    public static implicit operator ApprovalOutcome(ApprovalRefusal refusal) => new(null, refusal);

    public bool TryGet([NotNullWhen(true)] out Approval? next, out ApprovalRefusal refusal)
    {
        (next, refusal) = (_next, _refusal);
        return next is not null;
    }
}
