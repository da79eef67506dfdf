using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Sandbox.Cluster;
using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;
using Sandbox.Domain.Stores;

namespace Health.Service.Members;

/// <summary>Tokens that a node joins with once, and the keys it signs with from then on. Both are made here, told once, and kept as
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

    /// <summary>Registers the node and uses the token up; its new key, under the token's seal. Null: the token is not good.</summary>
    public async Task<string?> RegisterAsync(Member member, string admission, CancellationToken cancellationToken)
    {
        var key = KeyPrefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        var joining = member with { KeyHash = NodeKey.HashOf(key) };
        return await members.TryJoinAsync(joining, EnrollmentSecret.HashOf(admission), cancellationToken) is { } sealKey
            ? EnrollmentSecret.Seal(sealKey, Encoding.UTF8.GetBytes(key)) : null;
    }
}
