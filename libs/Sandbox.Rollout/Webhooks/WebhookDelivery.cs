namespace Sandbox.Rollout.Webhooks;

/// <summary>One message to one webhook. It arrives at least once; the receiver knows a message that comes again by its id.</summary>
/// <param name="Number">Of the entry of the audit log that it tells.</param>
/// <param name="Body">What is sent: the same bytes each time.</param>
public sealed record WebhookDelivery(string Id, Guid Webhook, long Number, string Type, string Body, DateTimeOffset QueuedAt)
{
    public DeliveryState State { get; init; }

    /// <summary>How often it was tried; each of these tries may have been several requests shortly after each other.</summary>
    public int Attempts { get; init; }

    /// <summary>When it is sent next; while it is being sent, when it is sent again if nobody says how that went.</summary>
    public DateTimeOffset? NextAt { get; init; }

    /// <summary>What the receiver answered last.</summary>
    public int? LastStatus { get; init; }

    public string? LastError { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The message that tells a webhook an entry of the audit log. Its id is made of both, and so is the same, however often it
    /// is made.</summary>
    public static WebhookDelivery Of(Webhook webhook, Audit.AuditEntry entry, DateTimeOffset now) => new(
        $"msg_{webhook.Id:N}_{entry.Number}", webhook.Id, entry.Number, entry.Action, WebhookMessage.BodyOf(entry), now)
    {
        NextAt = now,
    };
}
