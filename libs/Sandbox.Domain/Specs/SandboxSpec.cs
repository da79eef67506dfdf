using System.Text.Json.Serialization;

namespace Sandbox.Domain.Specs;

public enum PullPolicy
{
    Missing,
    Never,
    Always,
}

public enum NetworkMode
{
    Bridge,
    None,
}

/// <summary>How a sandbox is run where it was placed.</summary>
public enum DeploymentKind
{
    Docker,
    Local,
    Remote,

    /// <summary>A pod of a Kubernetes cluster.</summary>
    Kubernetes,
}

/// <summary>
/// The full, effective configuration of a sandbox, written once at creation (the spec snapshot). Restart and restore
/// rebuild from it; later changes of the server's configuration do not reach it. Registry passwords are never in it. Only
/// <see cref="Egress"/> is replaced later.
/// </summary>
public sealed record SandboxSpec
{
    /// <summary>The name under which a row keeps its environment encrypted. No variable has an empty name.</summary>
    public const string EncryptedEnv = "";

    /// <summary>Characters of metadata that a tombstone keeps; larger metadata goes as a whole.</summary>
    public const int TombstoneMetadata = 4096;

    private static readonly IReadOnlyDictionary<string, string> NoEntries = new Dictionary<string, string>();

    public required DeploymentKind Deployment { get; init; }

    public required string Image { get; init; }

    public string ImageOs { get; init; } = "linux";

    /// <summary>Descriptive role and environment of the server that made the sandbox.</summary>
    public string Role { get; init; } = "standalone";

    public string Environment { get; init; } = "local";

    public PullPolicy Pull { get; init; } = PullPolicy.Missing;

    /// <summary>Memory limit, bytes; swap is limited to the same value.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Guaranteed CPUs.</summary>
    public required double Cpus { get; init; }

    /// <summary>Upper CPU limit when it differs from <see cref="Cpus"/>.</summary>
    public double? LimitCpus { get; init; }

    /// <summary>Disk limit, bytes; null is no limit. Whether it is in effect stands in the record.</summary>
    public long? DiskBytes { get; init; }

    /// <summary>How many times over its node gives disk away; null: once.</summary>
    public double? DiskOvercommitRatio { get; init; }

    /// <summary>Largest number of processes and threads.</summary>
    public int PidsLimit { get; init; } = 4096;

    public double? NumGpus { get; init; }

    public string? AcceleratorType { get; init; }

    /// <summary>How long a start may take before it has failed.</summary>
    public required TimeSpan StartupTimeout { get; init; }

    /// <summary>Idle time after which the sandbox is stopped.</summary>
    public required TimeSpan IdleTimeout { get; init; }

    /// <summary>No use of the sandbox puts its stop off: <see cref="IdleTimeout"/> counts from its start, or from when a caller has set
    /// a timeout anew.</summary>
    public bool HasFixedTimeout { get; init; }

    /// <summary>Time after each start at which the sandbox is stopped, however much it is used; null is never.</summary>
    public TimeSpan? MaxLifetime { get; init; }

    /// <summary>Time between a stop and the automatic archive; null is never.</summary>
    public TimeSpan? AutoArchive { get; init; }

    /// <summary>Time between a stop and the automatic delete; null is never (but see <see cref="RemoveContainer"/>).</summary>
    public TimeSpan? AutoDelete { get; init; }

    /// <summary>A stop cascades to delete at once.</summary>
    public bool RemoveContainer { get; init; } = true;

    /// <summary>A stop also removes the image.</summary>
    public bool RemoveImage { get; init; }

    public NetworkMode Network { get; init; } = NetworkMode.Bridge;

    /// <summary>What it may reach of the network; null: all that its node lets sandboxes reach.</summary>
    public EgressPolicy? Egress { get; init; }

    public bool Privileged { get; init; }

    /// <summary>Allows set-uid programs such as sudo to gain privileges (drops no-new-privileges).</summary>
    public bool AllowPrivilegeGain { get; init; }

    public bool UseKata { get; init; }

    public string? Platform { get; init; }

    public string? RegistryUsername { get; init; }

    /// <summary>What the caller of the start sent as <c>X-Key</c>, encrypted as ROCK does it; null: nothing is kept.</summary>
    public string? EncryptedAuthorization { get; init; }

    /// <summary>Extra engine arguments that passed the allow-list, as given.</summary>
    public IReadOnlyList<string> DockerArgs { get; init; } = [];

    /// <summary>Environment of every process in the sandbox; reaches the agent by its init call, never by labels.</summary>
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();

    /// <summary>The environment is there and this process cannot decrypt it; nothing may be started without it.</summary>
    [JsonIgnore]
    public bool HasEncryptedEnv => Env.ContainsKey(EncryptedEnv);

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    public IReadOnlyDictionary<string, string> ExtendedParams { get; init; } = new Dictionary<string, string>();

    /// <summary>It runs the engine of a model, and sees the folders that its node shares with engines, read-only.</summary>
    public bool SharesModels { get; init; }

    /// <summary>How long the agent waits for an owner before it ends its sandbox.</summary>
    public TimeSpan AgentGrace { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Where an agent already runs, for <see cref="DeploymentKind.Remote"/>.</summary>
    public RemoteAgent? Remote { get; init; }

    /// <summary>What a deleted sandbox keeps: what its status shows, the metadata up to <see cref="TombstoneMetadata"/> characters. Its
    /// environment, its other parameters and the engine's arguments go: a tombstone is kept for long, and never started.</summary>
    public SandboxSpec ToTombstone() => this with
    {
        Env = NoEntries,
        ExtendedParams = NoEntries,
        DockerArgs = [],
        RegistryUsername = null,
        EncryptedAuthorization = null,
        Metadata = Metadata.Sum(entry => entry.Key.Length + entry.Value.Length) <= TombstoneMetadata ? Metadata : NoEntries,
    };

    /// <summary>For a record without a snapshot: what the record's flat fields say, and defaults for the rest.</summary>
    public static SandboxSpec FromFlatFields(DeploymentKind deployment, string image, double cpus, long memoryBytes, long? diskBytes) =>
        new()
        {
            Deployment = deployment,
            Image = image,
            Cpus = cpus,
            MemoryBytes = memoryBytes,
            DiskBytes = diskBytes,
            StartupTimeout = TimeSpan.FromMinutes(10),
            IdleTimeout = TimeSpan.FromMinutes(30),
            // It cannot be told any more whether a stop was meant to delete it.
            RemoveContainer = false,
        };
}

/// <summary>An agent that already runs elsewhere.</summary>
/// <param name="Host">Scheme and host, for example <c>http://127.0.0.1</c>.</param>
/// <param name="Port">TCP port the agent listens on.</param>
/// <param name="Timeout">How long one probe of it may take.</param>
public sealed record RemoteAgent(string Host, int Port, TimeSpan Timeout);

/// <summary>Descriptive facts about the caller; none of them identifies a tenant.</summary>
public sealed record SandboxOwner(
    string UserId = "default", string ExperimentId = "default", string Namespace = "default", string Cluster = "default");
