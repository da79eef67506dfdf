namespace Sandbox.Contracts.Rollouts;

/// <summary>An address that is told what happens.</summary>
public sealed record WebhookResult(Guid WebhookId, string Url, IReadOnlyList<string> Events)
{
    /// <summary>What its messages are signed with; in the answer that makes it, and nowhere else.</summary>
    public string? Secret { get; init; }
}

/// <param name="Events"><c>approval.requested</c>, <c>execution.*</c>, …; null: all.</param>
public sealed record WebhookRequest(string? Url, IReadOnlyList<string>? Events);

/// <summary>One message to a webhook.</summary>
/// <param name="Status"><c>PENDING</c>, <c>DELIVERED</c> or <c>FAILED</c>.</param>
public sealed record WebhookDeliveryResult(string MessageId, string Type, string Status, int Attempts)
{
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>The receiver's last answer.</summary>
    public int? LastStatus { get; init; }

    public string? LastError { get; init; }
}
