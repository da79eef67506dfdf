using System.Collections.Immutable;

namespace Sandbox.Rollout.Approvals;

/// <summary>
/// A request that people consent to one plan, and what came of it. Immutable: each step gives the approval after it, and a store
/// writes that only over the version that the step was taken from, so that of two steps at once one is taken.
/// </summary>
/// <param name="PlanHash">The plan that it is about; it counts for no other.</param>
/// <param name="RequestedBy">Who wants to run the plan; as whom they authenticated.</param>
/// <param name="ExpiresAt">From this moment on it can neither be given nor used.</param>
public sealed record Approval(
    Guid Id, string PlanHash, string RequestedBy, DateTimeOffset RequestedAt, DateTimeOffset ExpiresAt)
{
    /// <summary>Longest reason, in characters.</summary>
    public const int LongestReason = 2000;

    /// <summary>Names of the checkpoints that the plan is for: one, or all of a rollout, in their order.</summary>
    public ImmutableArray<string> Checkpoints { get; init; } = [];

    /// <summary>Of the plan without what was found on the machines: what must still be so when a rollout goes on, which has changed them
    /// by then.</summary>
    public string ContentHash { get; init; } = "";

    /// <summary>The plan's parts with their digests, to say later what differs.</summary>
    public ImmutableSortedDictionary<string, string> PlanParts { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>How many different people must consent; at least one.</summary>
    public int Needed { get; init; } = 1;

    /// <summary>The plan destroys something.</summary>
    public bool IsDestructive { get; init; }

    /// <summary>Who asked may be among those who consent: a policy of the operator.</summary>
    public bool AllowsOwnConsent { get; init; }

    public ImmutableArray<Consent> Consents { get; init; } = [];

    public Consent? Denial { get; init; }

    public Consent? Revocation { get; init; }

    /// <summary>The run that used it up: of one checkpoint, or a whole rollout.</summary>
    public Guid? ConsumedBy { get; init; }

    /// <summary>The checkpoints that the rollout which used it up has begun with it.</summary>
    public ImmutableArray<string> BegunCheckpoints { get; init; } = [];

    /// <summary>Grows by one with each step.</summary>
    public long Version { get; init; }

    public ApprovalState StateAt(DateTimeOffset now) => this switch
    {
        { ConsumedBy: not null } => ApprovalState.Consumed,
        { Denial: not null } => ApprovalState.Denied,
        { Revocation: not null } => ApprovalState.Revoked,
        _ when now >= ExpiresAt => ApprovalState.Expired,
        _ when Consents.Length >= Needed => ApprovalState.Approved,
        _ => ApprovalState.Requested,
    };

    /// <param name="acknowledgesRisks">They say that they know that the plan destroys something.</param>
    public ApprovalOutcome Approve(Consent consent, bool acknowledgesRisks, DateTimeOffset now)
    {
        if (Problem(consent, now) is { } problem)
        {
            return problem;
        }

        if (IsDestructive && !acknowledgesRisks)
        {
            return ApprovalRefusal.RisksNotAcknowledged;
        }

        if (!AllowsOwnConsent && consent.By == RequestedBy)
        {
            return ApprovalRefusal.OwnRequest;
        }

        return Consents.Any(given => given.By == consent.By)
            ? ApprovalRefusal.SamePerson
            : this with { Consents = Consents.Add(consent), Version = Version + 1 };
    }

    /// <summary>A no of one person is the end of it. Who asked may take the request back so, too.</summary>
    public ApprovalOutcome Deny(Consent denial, DateTimeOffset now) =>
        Problem(denial, now) is { } problem ? problem : this with { Denial = denial, Version = Version + 1 };

    /// <summary>Takes back what was given and not used yet.</summary>
    public ApprovalOutcome Revoke(Consent revocation, DateTimeOffset now) =>
        Problem(revocation, now) is { } problem ? problem : this with { Revocation = revocation, Version = Version + 1 };

    /// <summary>Uses it up for a run that is about to begin.</summary>
    /// <param name="planHash">Of the plan as it is at this moment.</param>
    public ApprovalOutcome Consume(string planHash, Guid run, DateTimeOffset now) => StateAt(now) switch
    {
        ApprovalState.Requested => ApprovalRefusal.NotApproved,
        not ApprovalState.Approved => ApprovalRefusal.Over,
        _ when planHash != PlanHash => ApprovalRefusal.PlanChanged,
        _ => this with { ConsumedBy = run, Version = Version + 1 },
    };

    /// <summary>Uses it for a checkpoint of a rollout: the first one uses it up for that rollout, and each of the others it may begin
    /// once.</summary>
    /// <param name="planHash">Of the plan as it is at this moment; matters for the first checkpoint.</param>
    /// <param name="contentHash">Of its content at this moment; matters for the others.</param>
    public ApprovalOutcome ConsumeFor(string checkpoint, Guid rollout, string planHash, string contentHash, DateTimeOffset now)
    {
        if (!Checkpoints.Contains(checkpoint) || BegunCheckpoints.Contains(checkpoint))
        {
            return ApprovalRefusal.Over;
        }

        if (ConsumedBy != rollout)
        {
            return Consume(planHash, rollout, now).TryGet(out var first, out var refusal)
                ? first with { BegunCheckpoints = [checkpoint] }
                : refusal;
        }

        return now >= ExpiresAt ? ApprovalRefusal.Over
            : contentHash != ContentHash ? ApprovalRefusal.PlanChanged
            : this with { BegunCheckpoints = BegunCheckpoints.Add(checkpoint), Version = Version + 1 };
    }

    private ApprovalRefusal? Problem(Consent consent, DateTimeOffset now)
    {
        if (StateAt(now) is not (ApprovalState.Requested or ApprovalState.Approved))
        {
            return ApprovalRefusal.Over;
        }

        if (string.IsNullOrWhiteSpace(consent.By))
        {
            return ApprovalRefusal.NoIdentity;
        }

        return string.IsNullOrWhiteSpace(consent.Reason) || consent.Reason.Length > LongestReason ? ApprovalRefusal.NoReason : null;
    }
}
