namespace Sandbox.Storage.Encryption;

/// <summary>How the secrets of webhooks are encrypted in their rows.</summary>
internal static class WebhookSecrets
{
    /// <summary>What the values are, to a <see cref="FieldCipher"/>.</summary>
    public const string Purpose = "webhook secret";
}
