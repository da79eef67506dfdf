namespace Sandbox.Contracts.Rollouts;

/// <summary>Body of every failure of a rollout's route: problem details (RFC 9457), and beside them the members that the rollout's
/// interface has always had.</summary>
/// <param name="Code">For programs; stable.</param>
/// <param name="Detail">One sentence for people.</param>
/// <param name="Error">The code in capital letters.</param>
/// <param name="Message">The same as <paramref name="Detail"/>.</param>
public sealed record RolloutProblem(
    string Type, string Title, int Status, string Code, string Detail, string Error, string Message, DateTimeOffset Timestamp)
{
    /// <summary>More of what went wrong, where there is more.</summary>
    public string? Details { get; init; }

    public string? Checkpoint { get; init; }

    /// <summary>With <c>APPROVAL_REQUIRED</c>: what is asked of people, with the request that was filed.</summary>
    public ApprovalInfoResult? ApprovalInfo { get; init; }
}
