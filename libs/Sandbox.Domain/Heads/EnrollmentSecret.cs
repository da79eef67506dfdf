using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Sandbox.Contracts.Cluster;

namespace Sandbox.Domain.Heads;

/// <summary>
/// What follows from a join token, which itself never travels to the health service. Its admission is shown there, once; its seal
/// closes the answer. A listener in between learns an admission that is used up, and a process that answers in the
/// service's place cannot make what the node opens.
/// </summary>
public static class EnrollmentSecret
{
    private const string Prefix = "join_";
    private const int SecretBytes = 32, KeyBytes = 32, NonceBytes = 12, TagBytes = 16;

    public static string NewToken() => Prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>For <see cref="HealthRoutes.JoinTokenHeader"/>; any text has one, good or not.</summary>
    public static string AdmissionOf(string token) => Base64Url.EncodeToString(Derive(token, "sandbox join admission"u8));

    /// <summary>SHA-256 of an admission: all that is kept of it.</summary>
    public static byte[] HashOf(string admission) => SHA256.HashData(Encoding.UTF8.GetBytes(admission));

    public static byte[] SealKeyOf(string token) => Derive(token, "sandbox join seal"u8);

    public static string Seal(byte[] sealKey, ReadOnlySpan<byte> text)
    {
        var sealedText = new byte[NonceBytes + text.Length + TagBytes];
        var nonce = sealedText.AsSpan(0, NonceBytes);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(sealKey, TagBytes);
        aes.Encrypt(nonce, text, sealedText.AsSpan(NonceBytes, text.Length), sealedText.AsSpan(NonceBytes + text.Length));
        return Base64Url.EncodeToString(sealedText);
    }

    /// <summary>Null: it was not sealed by a process that knows the token.</summary>
    public static byte[]? Open(byte[] sealKey, string sealedText)
    {
        if (!Base64Url.IsValid(sealedText) || Base64Url.DecodeFromChars(sealedText) is not { Length: >= NonceBytes + TagBytes } bytes)
        {
            return null;
        }

        var text = new byte[bytes.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(sealKey, TagBytes);
        try
        {
            aes.Decrypt(bytes.AsSpan(0, NonceBytes), bytes.AsSpan(NonceBytes, text.Length), bytes.AsSpan(NonceBytes + text.Length), text);
            return text;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static byte[] Derive(string token, ReadOnlySpan<byte> purpose)
    {
        var key = new byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(token), key, salt: [], purpose);
        return key;
    }
}
