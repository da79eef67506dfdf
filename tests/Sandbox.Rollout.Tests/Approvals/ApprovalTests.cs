using Sandbox.Rollout.Approvals;

namespace Sandbox.Rollout.Tests.Approvals;

public sealed class ApprovalTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Approval Request = new(Guid.NewGuid(), "plan", "ann", Now, Now.AddHours(1));

    public static TheoryData<string, string, bool, ApprovalRefusal> Refused() => new()
    {
        { "", "needed", true, ApprovalRefusal.NoIdentity },
        { "bob", " ", true, ApprovalRefusal.NoReason },
        { "bob", new string('x', Approval.LongestReason + 1), true, ApprovalRefusal.NoReason },
        { "bob", "needed", false, ApprovalRefusal.RisksNotAcknowledged },
        { "ann", "needed", true, ApprovalRefusal.OwnRequest },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Consent_ThatLacksSomething_IsRefusedForThat(string by, string reason, bool acknowledges, ApprovalRefusal expected)
    {
        var outcome = (Request with { IsDestructive = true }).Approve(new Consent(by, reason, Now), acknowledges, Now);

        Assert.False(outcome.TryGet(out _, out var refusal), $"a consent of '{by}' was to be refused");
        Assert.Equal(expected, refusal);
    }

    [Fact]
    public void Consent_OfTwoThatAreNeeded_CountsOncePerPerson()
    {
        var one = Approved(Request with { Needed = 2 }, "bob");

        Assert.Equal(ApprovalState.Requested, one.StateAt(Now));
        Assert.False(one.Approve(new Consent("bob", "again", Now), false, Now).TryGet(out _, out var refusal));
        Assert.Equal(ApprovalRefusal.SamePerson, refusal);
        Assert.Equal(ApprovalState.Approved, Approved(one, "cid").StateAt(Now));
    }

    [Fact]
    public void Approval_ThatIsOver_CanNeitherBeGivenNorUsed()
    {
        var approved = Approved(Request, "bob");
        Assert.True(approved.Consume("plan", Guid.NewGuid(), Now).TryGet(out var used, out _), "an approval was to be good for one run");
        Assert.True(approved.Deny(new Consent("cid", "no", Now), Now).TryGet(out var denied, out _), "what is not used may be denied");
        Assert.True(approved.Revoke(new Consent("bob", "no more", Now), Now).TryGet(out var revoked, out _), "… and revoked");

        foreach (var (over, at) in new[] { (used, Now), (denied, Now), (revoked, Now), (approved, Now.AddHours(1)) })
        {
            Assert.False(over.Consume("plan", Guid.NewGuid(), at).TryGet(out _, out var refusal), $"{over.StateAt(at)} was to be over");
            Assert.Equal(ApprovalRefusal.Over, refusal);
            var late = over.Approve(new Consent("dan", "needed", at), true, at);
            Assert.False(late.TryGet(out _, out refusal), $"{over.StateAt(at)} was to be over");
            Assert.Equal(ApprovalRefusal.Over, refusal);
        }
    }

    [Fact]
    public void Approval_OfAnotherPlan_IsNotUsed()
    {
        var approved = Approved(Request, "bob");

        Assert.False(approved.Consume("another plan", Guid.NewGuid(), Now).TryGet(out _, out var refusal), "it was for another plan");
        Assert.Equal(ApprovalRefusal.PlanChanged, refusal);
    }

    private static Approval Approved(Approval request, string by) =>
        request.Approve(new Consent(by, "needed", Now), acknowledgesRisks: true, Now).TryGet(out var next, out var refusal)
            ? next : throw new InvalidOperationException($"{by} was to be able to approve: {refusal}");
}
