using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Sandbox.Domain.Policies;

namespace Sandbox.Api.Rock;

/// <summary>
/// What a caller sends as <c>X-Key</c>: it says who it is to lists of who may do more, and is kept with the sandbox, encrypted as ROCK does
/// it, for whoever holds the key. It lets nobody in: that is what API keys are for.
/// </summary>
internal sealed class RockAuthorization(IOptions<ApiOptions> options)
{
    public const string Header = "X-Key";

    /// <summary>Bytes of the key of AES-256.</summary>
    private const int KeyLength = 32;

    private const int NonceLength = 12;
    private const int TagLength = 16;

    /// <summary>Characters; a longer one is none.</summary>
    private const int Longest = 512;

    private readonly byte[]? _key = options.Value.AuthorizationKeyFile is { Length: > 0 } path ? ReadKey(path) : null;

    private readonly byte[][] _archivers = [.. options.Value.ArchiveKeyHashes.Select(Convert.FromHexString)];

    /// <summary>Null: the request carries none that can be one.</summary>
    public static string? Of(HttpRequest request) => request.Headers[Header] is [{ Length: > 0 and <= Longest } value] ? value : null;

    /// <summary>The header's value as <c>base64(nonce, 12 bytes ‖ text ‖ tag, 16 bytes)</c> of AES-256-GCM; null: there is none, or no key
    /// to encrypt it with.</summary>
    public string? EncryptedOf(HttpRequest request)
    {
        if (_key is null || Of(request) is not { } value)
        {
            return null;
        }

        var plain = Encoding.UTF8.GetBytes(value);
        var box = new byte[NonceLength + plain.Length + TagLength];
        var nonce = box.AsSpan(0, NonceLength);
        RandomNumberGenerator.Fill(nonce);
        using var aes = new AesGcm(_key, TagLength);
        aes.Encrypt(nonce, plain, box.AsSpan(NonceLength, plain.Length), box.AsSpan(NonceLength + plain.Length));
        return Convert.ToBase64String(box);
    }

    /// <summary>Whether the caller may archive; everyone may where no list is configured.</summary>
    public bool MayArchive(HttpRequest request) => _archivers.Length == 0 || HashedKeys.Contain(_archivers, Of(request) ?? "");

    /// <summary>What is wrong with a key file; null: nothing.</summary>
    public static string? WhyUnusable(string path)
    {
        try
        {
            _ = ReadKey(path);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or FormatException)
        {
            return $"{path} does not hold the base64 of {KeyLength} bytes.";
        }
    }

    private static byte[] ReadKey(string path) =>
        Convert.FromBase64String(File.ReadAllText(path).Trim()) is { Length: KeyLength } key ? key : throw new FormatException();
}
