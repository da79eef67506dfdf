using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;

namespace Sandbox.Api.Auth;

/// <summary>The API keys, as hashes only. Read once, when the server begins to listen.</summary>
internal sealed class ConfiguredApiKeys(IOptions<ApiOptions> options)
{
    private const string HashPrefix = "sha256:";

    private readonly Lazy<(byte[] Hash, Caller Caller)[]> _keys =
        new(() => [.. Hashes(options.Value).Select(hash => (hash, Caller.OfConfiguredKey(hash)))]);

    private readonly Lazy<byte[]> _owner = new(() => Convert.FromHexString(options.Value.OwnerKeyHash));

    /// <summary>Whether no caller needs one; the owner's key does not count.</summary>
    public bool IsEmpty => _keys.Value.Length == 0;

    /// <summary>Whose key it is; null: it is none of these. Takes the same time whichever key it is and whether it is one at
    /// all.</summary>
    public Caller? Find(string presented)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(presented));
        var found = CryptographicOperations.FixedTimeEquals(_owner.Value, hash) ? Caller.Owner : null;
        foreach (var (key, caller) in _keys.Value)
        {
            found = CryptographicOperations.FixedTimeEquals(key, hash) ? caller : found;
        }

        return found;
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
