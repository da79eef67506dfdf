using System.Collections.Immutable;

namespace Sandbox.Rollout.Webhooks;

/// <summary>Somebody wants to be told what happens, at an address of theirs.</summary>
/// <param name="Events">Actions of the audit log: <c>approval.requested</c>, <c>execution.*</c>, or <c>*</c> for all.</param>
/// <param name="CreatedBy">As whom they authenticated.</param>
public sealed record Webhook(Guid Id, Uri Url, ImmutableArray<string> Events, string CreatedBy, DateTimeOffset CreatedAt)
{
    public bool Wants(string action) => Events.Any(wanted =>
        wanted == "*" || wanted == action
        || (wanted.EndsWith(".*", StringComparison.Ordinal) && action.StartsWith(wanted[..^1], StringComparison.Ordinal)));
}
