using Sandbox.Contracts.Cluster;
using Sandbox.Domain.Heads;

namespace Sandbox.Domain.Stores;

/// <summary>What is kept of a join token, which admits one node once (<see cref="EnrollmentSecret"/>).</summary>
/// <param name="Hash">SHA-256 of its admission.</param>
/// <param name="SealKey">Closes the answer to the node that joins with it.</param>
/// <param name="Node">The node that may use it; null: any.</param>
public sealed record JoinToken(byte[] Hash, byte[] SealKey, string? Node, DateTimeOffset ExpiresAt)
{
    public const int LongestNode = 253;
    private const int IdBytes = 8;

    private static readonly TimeSpan DefaultLife = TimeSpan.FromHours(1);
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(7);

    /// <summary>Names it; so much of a hash does not lead to the admission.</summary>
    public string Id => IdOf(Hash);

    public static string IdOf(byte[] hash) => Convert.ToHexStringLower(hash.AsSpan(0, IdBytes));

    /// <summary>Null: it can be made; otherwise why not.</summary>
    public static string? ProblemOf(JoinTokenRequest request) =>
        request.TtlSeconds is <= 0 || request.TtlSeconds > LongestLife.TotalSeconds || request.Node is { } node && !IsNode(node)
            ? $"ttl_seconds: 1 to {LongestLife.TotalSeconds:0}; node: 1 to {LongestNode} printable characters, or left out."
            : null;

    /// <param name="secret">The token itself, to be told once.</param>
    public static JoinToken Make(JoinTokenRequest request, DateTimeOffset now, out string secret)
    {
        secret = EnrollmentSecret.NewToken();
        var life = request.TtlSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : DefaultLife;
        return new JoinToken(
            EnrollmentSecret.HashOf(EnrollmentSecret.AdmissionOf(secret)), EnrollmentSecret.SealKeyOf(secret), request.Node, now + life);
    }

    public static bool IsNode(string text) => text.Length is > 0 and <= LongestNode && !text.Any(char.IsControl);
}
