using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Sandbox.Rollout.Webhooks;

/// <summary>Signatures of Standard Webhooks: HMAC-SHA256 over id, time and body, so that a receiver knows who sent a message and
/// when.</summary>
public static class WebhookSignature
{
    public const string IdHeader = "webhook-id";

    public const string TimestampHeader = "webhook-timestamp";

    public const string SignatureHeader = "webhook-signature";

    private const string Prefix = "whsec_";

    private const int SecretBytes = 32;

    /// <summary>A new secret, as receivers' libraries take it.</summary>
    public static string NewSecret() => Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <param name="secret">As <see cref="NewSecret"/> made it.</param>
    /// <param name="seconds">The time of the sending, in seconds since 1970.</param>
    public static string Of(string secret, string id, long seconds, string body)
    {
        var signed = Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{seconds}.{body}"));
        return "v1," + Convert.ToBase64String(HMACSHA256.HashData(Convert.FromBase64String(secret[Prefix.Length..]), signed));
    }
}
