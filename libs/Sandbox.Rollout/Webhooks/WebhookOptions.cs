namespace Sandbox.Rollout.Webhooks;

/// <summary>Where webhooks may be.</summary>
public sealed record WebhookOptions
{
    /// <summary>Lets webhooks be at private addresses and loopback, and speak HTTP without TLS. Without it, every address that a webhook's
    /// host has must be public.</summary>
    public bool AllowPrivate { get; init; }
}
