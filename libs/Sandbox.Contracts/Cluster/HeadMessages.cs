using System.Text.Json.Serialization;

namespace Sandbox.Contracts.Cluster;

/// <summary>A process tells which node it is. Told again by the same process it changes nothing; by another of that name, the
/// earlier one is not listened to any more.</summary>
/// <param name="Instance">Of this life of the process; no other has it.</param>
/// <param name="Host">Where others reach it.</param>
/// <param name="HeadPort">Where it tells its role.</param>
public sealed record RegisterRequest(
    string Node, string Instance, string Host, int HeadPort, int HeadClientPort, int DashboardPort, string Version);

public sealed record AcquireRequest(string Node, string Instance);

/// <param name="LeaseVersion">Under which it holds the head's lease.</param>
/// <param name="Leaving">It gives the lease back.</param>
public sealed record HeartbeatRequest(string Node, string Instance, long LeaseVersion, bool Leaving = false);

/// <summary>The node that is the head, and what that makes of the process that asked.</summary>
public sealed record HeadAnswer
{
    public const string Head = "head";
    public const string Worker = "worker";

    /// <summary>A lease that is a row of the cluster's database: writes are fenced by it.</summary>
    public const string InPostgres = "postgres";

    /// <summary>A lease that only this one Health.Service knows of.</summary>
    public const string InMemory = "memory";

    /// <summary>What the node is that asked; <see cref="Worker"/> for a caller that is no node.</summary>
    public required string Mode { get; init; }

    /// <summary>Null: there is no head now.</summary>
    public string? HeadNode { get; init; }

    /// <summary>Null also when the head never registered here.</summary>
    public string? HeadHost { get; init; }

    public int? HeadPort { get; init; }

    public int? HeadClientPort { get; init; }

    /// <summary>Of the lease as it was last taken; grows each time.</summary>
    public required long LeaseVersion { get; init; }

    /// <summary>How long the lease lasts, from before it was asked for.</summary>
    public required int LeaseMs { get; init; }

    /// <summary>When asking again may change something.</summary>
    public int? RetryAfterMs { get; init; }

    /// <summary><see cref="InPostgres"/> or <see cref="InMemory"/>.</summary>
    public required string Store { get; init; }

    /// <summary>For people.</summary>
    public required string Reason { get; init; }

    /// <summary>Of a registration with a join token, once: what the node signs its requests with from now on, under the token's
    /// seal.</summary>
    public string? NodeKey { get; init; }
}

/// <param name="Mode"><see cref="HeadAnswer.Head"/> or <see cref="HeadAnswer.Worker"/>.</param>
/// <param name="Place">In the whitelist, from 1; null: not in it.</param>
public sealed record MemberEntry(
    string Node, string Mode, string Host, int HeadPort, int HeadClientPort, int DashboardPort, int? Place, double SilentSeconds,
    string Version);

/// <param name="Node">Only a node of this name may join with it; null: any.</param>
/// <param name="TtlSeconds">How long it can be used; null: an hour.</param>
public sealed record JoinTokenRequest(string? Node = null, int? TtlSeconds = null);

/// <param name="Id">Names it, and admits no node.</param>
/// <param name="Token">In this answer and nowhere else.</param>
public sealed record JoinTokenResult(string Id, string Token, string? Node, DateTimeOffset ExpiresAt)
{
    /// <summary>Without the token: a log that it is printed into has none.</summary>
    public override string ToString() => $"{nameof(JoinTokenResult)} {Id}";
}

/// <summary>A join token without itself.</summary>
/// <param name="State"><see cref="Unused"/>, <see cref="Used"/> or <see cref="Expired"/>.</param>
/// <param name="UsedBy">The node that joined with it.</param>
public sealed record JoinTokenEntry(string Id, string State, string? Node, DateTimeOffset ExpiresAt, string? UsedBy)
{
    public const string Unused = "unused";
    public const string Used = "used";
    public const string Expired = "expired";
}

public sealed record EnrollmentRequest(string Node);

/// <param name="Sealed">A <see cref="ClusterCredentials"/> as JSON, under the token's seal.</param>
public sealed record EnrollmentResponse(string Sealed);

/// <summary>What makes a process one of the cluster's: with it a node is what it would be had it been configured by hand.</summary>
/// <param name="Database">Connection string of the records as the health service has it; null: it has none.</param>
public sealed record ClusterCredentials(string Id, string Secret, string? Database)
{
    /// <summary>Without the secrets.</summary>
    public override string ToString() => $"{nameof(ClusterCredentials)} {Id}";
}

/// <summary>What a node's head port tells to any caller.</summary>
/// <param name="Mode"><see cref="HeadAnswer.Head"/> only while it holds the head's lease.</param>
/// <param name="HeadHost">Of the head as this node knows it; null: it knows none.</param>
public sealed record RoleAnswer(string Node, string Mode, long LeaseVersion, string? HeadHost, int? HeadPort);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RegisterRequest))]
[JsonSerializable(typeof(AcquireRequest))]
[JsonSerializable(typeof(HeartbeatRequest))]
[JsonSerializable(typeof(HeadAnswer))]
[JsonSerializable(typeof(IReadOnlyList<MemberEntry>))]
[JsonSerializable(typeof(JoinTokenRequest))]
[JsonSerializable(typeof(JoinTokenResult))]
[JsonSerializable(typeof(EnrollmentRequest))]
[JsonSerializable(typeof(EnrollmentResponse))]
[JsonSerializable(typeof(ClusterCredentials))]
[JsonSerializable(typeof(RoleAnswer))]
public sealed partial class HeadJson : JsonSerializerContext;
