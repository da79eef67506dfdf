using System.Security.Cryptography;
using System.Text;

namespace Sandbox.Domain.Policies;

/// <summary>A list of keys of which only the SHA-256 is known.</summary>
public static class HashedKeys
{
    /// <summary>Whether a key is one of the list. Compared with every entry, so that the time of the answer does not tell how near it
    /// was.</summary>
    public static bool Contain(IEnumerable<byte[]> hashes, string key)
    {
        var shown = SHA256.HashData(Encoding.UTF8.GetBytes(key));
        return hashes.Aggregate(false, (found, hash) => found | CryptographicOperations.FixedTimeEquals(hash, shown));
    }
}
