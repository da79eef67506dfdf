using Sandbox.Rollout.Approvals;

namespace Sandbox.Rollout.Tests.Approvals;

/// <summary>One consent to all checkpoints of a rollout.</summary>
public sealed class WholeApprovalTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Guid Rollout = Guid.NewGuid();

    private static readonly Approval Approved = new(Guid.NewGuid(), "plan", "ann", Now, Now.AddHours(1))
    {
        Checkpoints = ["one", "two"],
        ContentHash = "content",
        Consents = [new Consent("bob", "needed", Now)],
    };

    [Fact]
    public void Consent_OfARollout_BeginsEachOfItsCheckpointsOnce()
    {
        var first = Used(Approved.ConsumeFor("one", Rollout, "plan", "content", Now));
        var second = Used(first.ConsumeFor("two", Rollout, "the machines have changed", "content", Now));

        Assert.Equal((ApprovalState.Consumed, Approved.Version + 2), (second.StateAt(Now), second.Version));
        Assert.Equal(ApprovalRefusal.Over, Refused(first.ConsumeFor("one", Rollout, "plan", "content", Now)));
        Assert.Equal(ApprovalRefusal.Over, Refused(second.ConsumeFor("two", Rollout, "plan", "content", Now)));
        Assert.Equal(ApprovalRefusal.Over, Refused(first.ConsumeFor("three", Rollout, "plan", "content", Now)));
    }

    [Fact]
    public void Consent_ThatARolloutUsesUp_CountsForNoOther()
    {
        var used = Used(Approved.ConsumeFor("one", Rollout, "plan", "content", Now));

        Assert.Equal(ApprovalRefusal.Over, Refused(used.ConsumeFor("two", Guid.NewGuid(), "plan", "content", Now)));
        Assert.Equal(ApprovalRefusal.Over, Refused(used.Consume("plan", Guid.NewGuid(), Now)));
    }

    [Fact]
    public void Consent_OfARollout_CountsForItsPlanAndInItsTimeOnly()
    {
        var used = Used(Approved.ConsumeFor("one", Rollout, "plan", "content", Now));

        Assert.Equal(ApprovalRefusal.PlanChanged, Refused(Approved.ConsumeFor("one", Rollout, "other", "content", Now)));
        Assert.Equal(ApprovalRefusal.PlanChanged, Refused(used.ConsumeFor("two", Rollout, "plan", "edited", Now)));
        Assert.Equal(ApprovalRefusal.Over, Refused(used.ConsumeFor("two", Rollout, "plan", "content", Now.AddHours(1))));
        Assert.Equal(
            ApprovalRefusal.NotApproved, Refused((Approved with { Consents = [] }).ConsumeFor("one", Rollout, "plan", "content", Now)));
    }

    private static Approval Used(ApprovalOutcome outcome) =>
        outcome.TryGet(out var next, out var refusal) ? next : throw new InvalidOperationException($"it was to count: {refusal}");

    private static ApprovalRefusal Refused(ApprovalOutcome outcome)
    {
        Assert.False(outcome.TryGet(out _, out var refusal), "it was not to count");
        return refusal;
    }
}
