using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;
using Sandbox.Domain.Stores;

namespace Health.Service.Members;

/// <summary>Tokens that a node joins with once, and the keys it shows from then on. Both are made here, told once, and kept as
/// their hashes only.</summary>
internal sealed class JoinTokens(IMemberStore members, TimeProvider time)
{
    private const string KeyPrefix = "node_";
    private const int SecretBytes = 32;

    /// <summary>One text for each of them, so that no caller learns which.</summary>
    public const string Refusal = "the join token is unknown, over, already used, or another node's";

    public async Task<JoinTokenResult> MakeAsync(JoinTokenRequest request, CancellationToken cancellationToken)
    {
        var token = JoinToken.Make(request, time.GetUtcNow(), out var secret);
        await members.AddTokenAsync(token, cancellationToken);
        return new JoinTokenResult(token.Id, secret, token.Node, token.ExpiresAt);
    }

    /// <summary>Registers the node and uses the token up; its new key. Null: the token is not good.</summary>
    public async Task<string?> RegisterAsync(Member member, string admission, CancellationToken cancellationToken)
    {
        var key = KeyPrefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        return await members.TryJoinAsync(member with { KeyHash = HashOf(key) }, EnrollmentSecret.HashOf(admission), cancellationToken)
            ? key : null;
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

    private static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
