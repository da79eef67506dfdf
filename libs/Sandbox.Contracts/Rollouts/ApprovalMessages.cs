namespace Sandbox.Contracts.Rollouts;

/// <summary>What a checkpoint asks of people, and the requests for a consent to it that are open.</summary>
/// <param name="ApprovalFile">Where a consent as a file is looked for on the server; null where it needs none.</param>
/// <param name="Message">One sentence for people.</param>
public sealed record ApprovalInfoResult(
    string Checkpoint, bool ApprovalRequired, bool DestructiveOperation, string? ApprovalFile, string Message,
    IReadOnlyList<string> ImpactSummary)
{
    /// <summary>The newest first.</summary>
    public IReadOnlyList<ApprovalResult> Requests { get; init; } = [];
}

/// <summary>A request that people consent to one plan, and what came of it.</summary>
/// <param name="State"><c>requested</c>, <c>approved</c>, <c>denied</c>, <c>revoked</c>, <c>expired</c> or <c>consumed</c>.</param>
/// <param name="RequestedBy">As whom they authenticated.</param>
/// <param name="Needed">How many different callers must consent.</param>
public sealed record ApprovalResult(
    Guid ApprovalId, IReadOnlyList<string> Checkpoints, string State, string PlanHash, string RequestedBy, DateTimeOffset RequestedAt,
    DateTimeOffset ExpiresAt, int Needed)
{
    public IReadOnlyList<ConsentResult> Consents { get; init; } = [];

    /// <summary>The no that ended it, or the consent's being taken back.</summary>
    public ConsentResult? EndedBy { get; init; }

    /// <summary>The run that used it up.</summary>
    public Guid? ConsumedBy { get; init; }
}

/// <param name="By">As whom they authenticated.</param>
/// <param name="OnBehalfOf">Whom they say that they speak for.</param>
public sealed record ConsentResult(string By, string? OnBehalfOf, string Reason, DateTimeOffset At);

/// <summary>Body of <c>POST /api/v1/approvals</c>: asks for a consent to what a run would do now.</summary>
public sealed record ApprovalRequest(string? Checkpoint = null);

/// <summary>Body of <c>POST /api/v1/approvals/{name}</c>.</summary>
/// <param name="ApprovedBy">Whose consent it is, in the caller's words. What counts is who the caller is; this is recorded beside
/// it.</param>
/// <param name="Reason">At most 2,000 characters.</param>
/// <param name="AcknowledgeRisks">The caller knows that a destructive checkpoint destroys.</param>
public sealed record ApprovalGrantRequest(string? ApprovedBy = null, string? Reason = null, bool AcknowledgeRisks = false)
{
    /// <summary>The plan that was looked at: the consent is refused when the request is about another one. Null: it is not
    /// compared.</summary>
    public string? PlanHash { get; init; }
}

/// <summary>A consent was given.</summary>
/// <param name="Approved">Enough callers have consented: the next run of the plan uses it up.</param>
/// <param name="ApprovedBy">As the request said.</param>
/// <param name="ApprovalToken">Names the consent: a run that is given it uses up this one or does not begin. It is no secret.</param>
public sealed record ApprovalGrantResult(
    string Checkpoint, bool Approved, string ApprovedBy, DateTimeOffset ApprovedAt, string ApprovalToken)
{
    /// <summary>Who the caller is.</summary>
    public string AuthenticatedAs { get; init; } = "";

    /// <summary>How many have consented, and how many must.</summary>
    public int Given { get; init; }

    public int Needed { get; init; }
}

/// <summary>Body of <c>POST /api/v1/approvals/{id}/deny</c> and <c>…/revoke</c>.</summary>
public sealed record ApprovalDecisionRequest(string? Reason = null);
