using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Sandbox.Domain.Stores;

namespace Health.Service.Members;

/// <summary>Tokens that a node joins with once, and the keys it shows from then on. Both are made here, told once, and kept as
/// their hashes only.</summary>
internal sealed class JoinTokens(IMemberStore members, TimeProvider time)
{
    private const string TokenPrefix = "join_";
    private const string KeyPrefix = "node_";
    private const int SecretBytes = 32;

    public async Task<(string Token, DateTimeOffset ExpiresAt)> MakeAsync(string? node, TimeSpan length, CancellationToken cancellationToken)
    {
        var (token, ends) = (NewSecret(TokenPrefix), time.GetUtcNow() + length);
        await members.AddTokenAsync(new JoinToken(HashOf(token), node, ends), cancellationToken);
        return (token, ends);
    }

    /// <summary>Registers the node and uses the token up; its new key. Null: the token is not good.</summary>
    public async Task<string?> JoinAsync(Member member, string token, CancellationToken cancellationToken)
    {
        var key = NewSecret(KeyPrefix);
        return await members.TryJoinAsync(member with { KeyHash = HashOf(key) }, HashOf(token), cancellationToken) ? key : null;
    }

    /// <summary>Compares with every key, in a time that tells nothing of them.</summary>
    public static string? OwnerOf(string key, IReadOnlyList<MemberView> members)
    {
        var (hash, owner) = (HashOf(key), default(string));
        foreach (var view in members)
        {
            if (view.Member.KeyHash is { } known && CryptographicOperations.FixedTimeEquals(known, hash))
            {
                owner = view.Member.Node;
            }
        }

        return owner;
    }

    private static string NewSecret(string prefix) => prefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));

    private static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
