namespace Sandbox.Domain.Stores;

/// <summary>The nodes as they told Health.Service, and the tokens that they may join with. Who of them is the head is not in here:
/// that is a lease. Time is the store's own.</summary>
public interface IMemberStore
{
    /// <summary>Registers a node. Another life of that name is not listened to any more; the same one changes nothing but its
    /// facts, and keeps the key that it joined with.</summary>
    Task PutAsync(Member member, CancellationToken cancellationToken);

    /// <summary>The same for who shows a join token, which is used up with it. False: it is unknown, over, used, or another node's.</summary>
    /// <param name="tokenHash">SHA-256 of the token.</param>
    Task<bool> TryJoinAsync(Member member, byte[] tokenHash, CancellationToken cancellationToken);

    /// <summary>Notes that a node was heard of.</summary>
    Task<Sighting> SeeAsync(string node, string instance, CancellationToken cancellationToken);

    /// <summary>Forgets it, where it is still that process.</summary>
    Task ForgetAsync(string node, string instance, CancellationToken cancellationToken);

    /// <summary>All nodes, by name.</summary>
    Task<IReadOnlyList<MemberView>> ListAsync(CancellationToken cancellationToken);

    Task AddTokenAsync(JoinToken token, CancellationToken cancellationToken);
}

/// <param name="Node">Unique in the cluster.</param>
/// <param name="Instance">Of this life of its process.</param>
/// <param name="Host">Where others reach it.</param>
/// <param name="KeyHash">SHA-256 of the key that it shows; null: it proves the cluster's secret.</param>
public sealed record Member(
    string Node, string Instance, string Host, int HeadPort, int HeadClientPort, int DashboardPort, string Version, byte[]? KeyHash);

/// <param name="Silence">Time since it was last heard of.</param>
public sealed record MemberView(Member Member, TimeSpan Silence);

/// <param name="Hash">SHA-256 of the token.</param>
/// <param name="Node">Who may use it; null: any.</param>
public sealed record JoinToken(byte[] Hash, string? Node, DateTimeOffset ExpiresAt);

/// <summary>What the store knows of a process that says it is a node.</summary>
public enum Sighting
{
    Known,

    /// <summary>It has to register first.</summary>
    Unknown,

    /// <summary>Another process has registered under that name since.</summary>
    Replaced,
}
