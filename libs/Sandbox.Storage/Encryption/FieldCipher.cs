using System.Security.Cryptography;
using System.Text;

namespace Sandbox.Storage.Encryption;

/// <summary>
/// Encrypts single values of rows, so that whoever has the database, its log or a backup of it does not have them: AES-256-GCM, under a
/// key that HKDF-SHA256 derives for each value from a secret, its purpose, its row and a random salt. A value that was put into another row
/// does not decrypt, and each names the secret that it was made under.
/// </summary>
public sealed class FieldCipher
{
    /// <summary>Bytes of a secret that is made for this.</summary>
    public const int SecretLength = 32;

    private const string Format = "enc1";
    private const int KeyLength = 32;
    private const int NonceLength = 12;
    private const int SaltLength = 16;
    private const int TagLength = 16;
    private const int IdLength = 4;

    private readonly (string Id, byte[] Secret)[] _secrets;

    /// <param name="secrets">Random bytes: the first is encrypted under, the others are former ones that still decrypt.</param>
    public FieldCipher(IReadOnlyList<byte[]> secrets)
    {
        ArgumentOutOfRangeException.ThrowIfZero(secrets.Count);
        _secrets = [.. secrets.Select(secret => (IdOf(secret), secret))];
    }

    /// <summary>Whether a text is one that this class made, under whatever secret.</summary>
    public static bool IsEncrypted(string text) =>
        text.Split(':') is [Format, { Length: 2 * IdLength } id, { Length: > 0 }] && id.All(char.IsAsciiHexDigitLower);

    /// <param name="purpose">What the value is.</param>
    /// <param name="row">Where it stands.</param>
    public string Encrypt(string purpose, string row, string text)
    {
        var (id, secret) = _secrets[0];
        var plain = Encoding.UTF8.GetBytes(text);
        var box = new byte[SaltLength + plain.Length + TagLength];
        var salt = box.AsSpan(0, SaltLength);
        RandomNumberGenerator.Fill(salt);
        Span<byte> derived = stackalloc byte[KeyLength + NonceLength];
        Derive(secret, salt, purpose, row, derived);
        using var aes = new AesGcm(derived[..KeyLength], TagLength);
        aes.Encrypt(derived[KeyLength..], plain, box.AsSpan(SaltLength, plain.Length), box.AsSpan(SaltLength + plain.Length));
        return $"{Format}:{id}:{Convert.ToBase64String(box)}";
    }

    /// <summary>Null: it was made under a secret that is not here, for another row or purpose, or it is damaged.</summary>
    public string? TryDecrypt(string purpose, string row, string text)
    {
        if (!IsEncrypted(text))
        {
            return null;
        }

        var parts = text.Split(':');
        var box = new byte[parts[2].Length];
        if (!Convert.TryFromBase64String(parts[2], box, out var length) || length < SaltLength + TagLength)
        {
            return null;
        }

        foreach (var (id, secret) in _secrets)
        {
            if (id == parts[1] && TryOpen(secret, purpose, row, box.AsSpan(0, length)) is { } plain)
            {
                return plain;
            }
        }

        return null;
    }

    /// <summary>A secret of a row that is kept nowhere: that of the present secret first, then those of the former ones.</summary>
    /// <param name="purpose">What it is for.</param>
    public IEnumerable<byte[]> DeriveSecrets(string purpose, string row) => _secrets.Select(secret => HKDF.DeriveKey(
        HashAlgorithmName.SHA256, secret.Secret, KeyLength, info: Encoding.UTF8.GetBytes($"sandbox-derived/1\n{purpose}\n{row}")));

    private static string? TryOpen(byte[] secret, string purpose, string row, ReadOnlySpan<byte> box)
    {
        Span<byte> derived = stackalloc byte[KeyLength + NonceLength];
        Derive(secret, box[..SaltLength], purpose, row, derived);
        var plain = new byte[box.Length - SaltLength - TagLength];
        try
        {
            using var aes = new AesGcm(derived[..KeyLength], TagLength);
            aes.Decrypt(derived[KeyLength..], box[SaltLength..^TagLength], box[^TagLength..], plain);
            return Encoding.UTF8.GetString(plain);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    // A key of its own for each value: no two of them share a nonce, however many are written.
    private static void Derive(byte[] secret, ReadOnlySpan<byte> salt, string purpose, string row, Span<byte> derived) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, derived, salt, Encoding.UTF8.GetBytes($"sandbox-rows/1\n{purpose}\n{row}"));

    private static string IdOf(byte[] secret) =>
        Convert.ToHexStringLower(HKDF.DeriveKey(HashAlgorithmName.SHA256, secret, IdLength, info: "sandbox-rows/1 id"u8.ToArray()));
}
