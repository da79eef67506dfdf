namespace Sandbox.Rollout.Webhooks;

/// <summary>A webhook cannot be as it was asked for; the message says why.</summary>
public sealed class WebhookException(string message) : Exception(message);
