using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Sandbox.Api.Auth;

/// <summary>The API keys, as hashes only. Read once, when the server begins to listen.</summary>
internal sealed class ConfiguredApiKeys(IOptions<ApiOptions> options)
{
    private const string HashPrefix = "sha256:";

    private readonly Lazy<byte[][]> _hashes = new(() => [.. Hashes(options.Value)]);

    private readonly Lazy<byte[]> _owner = new(() => Convert.FromHexString(options.Value.OwnerKeyHash));

    /// <summary>Whether no caller needs one; the owner's key does not count.</summary>
    public bool IsEmpty => _hashes.Value.Length == 0;

    /// <summary>Takes the same time whichever key it is and whether it is one at all.</summary>
    public bool Knows(string presented)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(presented));
        var known = CryptographicOperations.FixedTimeEquals(_owner.Value, hash);
        foreach (var key in _hashes.Value)
        {
            known |= CryptographicOperations.FixedTimeEquals(key, hash);
        }

        return known;
    }

    public static bool IsHash(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigit);

    private static IEnumerable<byte[]> Hashes(ApiOptions options)
    {
        var fromFile = options.KeyFile.Length > 0 ? FileHashes(options.KeyFile) : [];
        return options.KeyHashes.Select(Convert.FromHexString).Concat(fromFile);
    }

    private static List<byte[]> FileHashes(string path)
    {
        var hashes = File.ReadLines(path)
            .Select(line => line.Trim())
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(HashOf)
            .ToList();

        // A key file without a key is a mistake, and taking it for "no keys wanted" would open the server.
        return hashes.Count > 0 ? hashes : throw new OptionsValidationException(
            ApiOptions.Section, typeof(ApiOptions), [$"Api:KeyFile: {path} holds no key."]);
    }

    private static byte[] HashOf(string line) =>
        line.StartsWith(HashPrefix, StringComparison.Ordinal) && IsHash(line[HashPrefix.Length..])
            ? Convert.FromHexString(line[HashPrefix.Length..])
            : SHA256.HashData(Encoding.UTF8.GetBytes(line));
}
