namespace Sandbox.Contracts.Cluster;

/// <summary>What Health.Service serves below <c>/v1</c>, to callers whose requests are signed: with the cluster's key, or with that of a
/// node that once joined with a token. Any other path answers 200 to any caller.</summary>
public static class HealthRoutes
{
    /// <summary>Everything below it wants a signature.</summary>
    public const string Prefix = "/v1";

    /// <summary>GET: <see cref="MemberEntry"/>s.</summary>
    public const string Nodes = "/v1/nodes";

    /// <summary>POST <see cref="RegisterRequest"/>: <see cref="HeadAnswer"/>.</summary>
    public const string Register = "/v1/nodes/register";

    /// <summary>POST <see cref="AcquireRequest"/>: <see cref="HeadAnswer"/>, whose mode says what the node is now.</summary>
    public const string Acquire = "/v1/head/acquire";

    /// <summary>POST <see cref="HeartbeatRequest"/>: 200 while that node is the head under that version, else 409; both with
    /// <see cref="HeadAnswer"/>.</summary>
    public const string Heartbeat = "/v1/head/heartbeat";

    /// <summary>GET: <see cref="HeadAnswer"/>; 404 while there is no head.</summary>
    public const string Current = "/v1/head/current";

    /// <summary>POST <see cref="JoinTokenRequest"/>: <see cref="JoinTokenResult"/>. For callers that know the cluster's secret.</summary>
    public const string JoinTokens = "/v1/join-tokens";

    /// <summary>POST <see cref="EnrollmentRequest"/>: <see cref="EnrollmentResponse"/>. For nodes with a join token and without
    /// the cluster's secret.</summary>
    public const string Join = "/v1/join";

    /// <summary>GET on a node's head port, to any caller: <see cref="RoleAnswer"/>.</summary>
    public const string Role = "/v1/role";

    /// <summary>Header of a registration, or of a join: the admission of a token (enrollment secret), instead of a signature.</summary>
    public const string JoinTokenHeader = "Sandbox-Join-Token";

    /// <summary>Header of all further requests of a node that joined with a token: its name, percent-encoded. They are signed with the key
    /// that it was answered with.</summary>
    public const string NodeHeader = "Sandbox-Node";

    /// <summary>Header of each 401: the instance of the service that answers, another one for each life of its process. Requests are signed
    /// for it.</summary>
    public const string InstanceHeader = "Sandbox-Health-Instance";

    /// <summary>The recipient that a request to this instance is signed for.</summary>
    public static string RecipientOf(string instance) => $"health/{instance}";
}
