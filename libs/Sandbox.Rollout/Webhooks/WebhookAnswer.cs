namespace Sandbox.Rollout.Webhooks;

/// <summary>What came of sending a message.</summary>
/// <param name="Status">The receiver's; null when there was no answer.</param>
/// <param name="Error">Null when it was taken.</param>
public sealed record WebhookAnswer(int? Status, string? Error);
