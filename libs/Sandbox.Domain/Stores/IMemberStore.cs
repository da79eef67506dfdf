namespace Sandbox.Domain.Stores;

/// <summary>The nodes as they told Health.Service, and the tokens that they may join with. Which of them is the head is not in here:
/// that is a lease. Time is the store's own.</summary>
public interface IMemberStore
{
    /// <summary>Registers a node. Another life of that name is not listened to any more; the same one changes nothing but its
    /// facts, and keeps the key that it joined with.</summary>
    Task PutAsync(Member member, CancellationToken cancellationToken);

    /// <summary>The same for a node that shows a join token, which is used up with it; the key of its seal. Null: it is unknown, over,
    /// used, or another node's.</summary>
    /// <param name="tokenHash">Of the token's admission.</param>
    Task<byte[]?> TryJoinAsync(Member member, byte[] tokenHash, CancellationToken cancellationToken);

    /// <summary>Notes that a node was heard of.</summary>
    Task<Sighting> SeeAsync(string node, string instance, CancellationToken cancellationToken);

    /// <summary>Forgets it, where it is still that process.</summary>
    Task ForgetAsync(string node, string instance, CancellationToken cancellationToken);

    /// <summary>All nodes, by name.</summary>
    Task<IReadOnlyList<MemberView>> ListAsync(CancellationToken cancellationToken);

    /// <summary>Takes out tokens that have been over for a week, too.</summary>
    Task AddTokenAsync(JoinToken token, CancellationToken cancellationToken);

    /// <summary>Uses a token up; the key of its seal. Null: it is unknown, over, used, or another node's.</summary>
    /// <param name="tokenHash">Of the token's admission.</param>
    Task<byte[]?> TryUseTokenAsync(string node, byte[] tokenHash, CancellationToken cancellationToken);

    /// <summary>All tokens, those that end first first.</summary>
    Task<IReadOnlyList<JoinTokenView>> ListTokensAsync(CancellationToken cancellationToken);

    /// <summary>False: there is no such token.</summary>
    /// <param name="id"><see cref="JoinToken.Id"/>.</param>
    Task<bool> TryRevokeTokenAsync(string id, CancellationToken cancellationToken);
}

/// <param name="Node">Unique in the cluster.</param>
/// <param name="Instance">Of this life of its process.</param>
/// <param name="Host">Where others reach it.</param>
/// <param name="KeyHash">SHA-256 of the key that it signs with; null: it signs with the cluster's.</param>
public sealed record Member(
    string Node, string Instance, string Host, int HeadPort, int HeadClientPort, int DashboardPort, string Version, byte[]? KeyHash);

/// <param name="Silence">Time since it was last heard of.</param>
public sealed record MemberView(Member Member, TimeSpan Silence);

/// <param name="IsOver">Its time is up, by the store's clock.</param>
/// <param name="UsedBy">The node that used it up; null: none did.</param>
public sealed record JoinTokenView(JoinToken Token, bool IsOver, string? UsedBy);

/// <summary>What the store knows of a process that says it is a node.</summary>
public enum Sighting
{
    Known,

    /// <summary>It has to register first.</summary>
    Unknown,

    /// <summary>Another process has registered under that name since.</summary>
    Replaced,
}
