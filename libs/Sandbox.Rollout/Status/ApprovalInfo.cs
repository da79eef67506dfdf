using Sandbox.Rollout.Approvals;
using Sandbox.Rollout.Checkpoints;

namespace Sandbox.Rollout.Status;

/// <summary>Whether a checkpoint needs an approval, and whether it has one.</summary>
/// <param name="ApprovalFile">Where a person may write one.</param>
/// <param name="Message">One sentence for people.</param>
public sealed record ApprovalInfo(
    string Checkpoint, bool ApprovalRequired, bool DestructiveOperation, bool Approved, string ApprovalFile, string Message,
    IReadOnlyList<string> ImpactSummary)
{
    /// <param name="approvals">All there are, the newest first.</param>
    /// <param name="file">Where a person may write one.</param>
    /// <exception cref="IOException">What lies there cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">What lies there cannot be read.</exception>
    public static ApprovalInfo Of(Checkpoint checkpoint, IEnumerable<Approval> approvals, string file, DateTimeOffset now)
    {
        List<Approval> about = [.. approvals.Where(approval => approval.Checkpoints.Contains(checkpoint.Name))];
        var approved = about.FirstOrDefault(approval => approval.StateAt(now) is ApprovalState.Approved);
        var requested = about.FirstOrDefault(approval => approval.StateAt(now) is ApprovalState.Requested);
        var message = !checkpoint.RequiresApproval ? "it needs no approval"
            : approved is not null ? $"approved by {PeopleOf(approved)} until {approved.ExpiresAt:O}, for one plan"
            : FileMessage(file, checkpoint) is { } written ? written
            : requested is not null ? $"requested by {requested.RequestedBy}, and not approved yet: {requested.Id}"
            : "it needs an approval, and has none";
        return new ApprovalInfo(
            checkpoint.Name, checkpoint.RequiresApproval, checkpoint.IsDestructive, approved is not null, file, message,
            [.. checkpoint.ImpactShown]);
    }

    private static string PeopleOf(Approval approval) => string.Join(", ", approval.Consents.Select(consent => consent.By));

    private static string? FileMessage(string path, Checkpoint checkpoint)
    {
        try
        {
            return Approvals.ApprovalFile.Find(path, checkpoint) is { } file
                ? $"approved by {file.Consent.By} in a file, which the next run takes over"
                : null;
        }
        catch (ApprovalFileException exception)
        {
            return exception.Message;
        }
    }
}
