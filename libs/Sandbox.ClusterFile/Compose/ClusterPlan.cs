using System.Net;
using System.Security.Cryptography;
using System.Text;
using Sandbox.ClusterFile.Hosts;
using Sandbox.ClusterFile.Settings;

namespace Sandbox.ClusterFile.Compose;

/// <summary>All that the compose files are made from.</summary>
public sealed record ClusterPlan(ClusterSettings Settings, HostFacts Host, ClusterSecrets Secrets, MachineFacts Machine)
{
    /// <summary>Image of everything that names none; made by <c>sandbox image cluster</c>.</summary>
    public const string Image = "sandbox-cluster:latest";

    internal const string HealthName = "health", ApiName = "api", PostgresName = "postgres", RedisName = "redis";

    internal const string CpuName = "node-cpu", GpuName = "node-gpu";

    /// <summary>Of every node's container, inside it.</summary>
    internal const int NodePort = 8090, DashboardPort = 8265, ClientPort = 10001;

    public string Project => Settings.Project.Name;

    public bool HasCpuNode => Settings.Services.Nodes.Cpu.Enabled;

    /// <summary>Only on a host that has GPUs.</summary>
    public bool HasGpuNode => Settings.Services.Nodes.Gpu.Enabled && Host.HasGpu;

    /// <summary>Of every node that the cluster or its test may have.</summary>
    public IEnumerable<string> DataFolders => [.. new[] { CpuName, GpuName }.Concat(TestCluster.NodeNames).Select(DataOf)];

    /// <summary>Address of the host in the cluster's own network. Containers of this machine reach it, also those of other networks; no
    /// other machine does.</summary>
    internal string Gateway => Following(IPNetwork.Parse(Settings.Network.Subnet).BaseAddress).ToString();

    /// <summary>Where the host publishes the ports of all services but the stores.</summary>
    internal IReadOnlyList<string> PublishAddresses =>
        PublishedAt(Settings.Host.PublishAddress ?? (Settings.Host.IpAddress is null ? Loopback : Everywhere));

    /// <summary>Where it publishes those of the stores.</summary>
    internal IReadOnlyList<string> StoreAddresses => PublishedAt(Settings.Host.StoreAddress ?? Loopback);

    /// <summary>What containers of other networks reach this machine by; other machines, too, where its ports are published for
    /// them.</summary>
    internal string HostAddress => PublishAddresses is [Everywhere] ? Host.IpAddress ?? Gateway : Gateway;

    /// <summary>Folder of the files with a service's secrets.</summary>
    internal string SecretsOf(string service) => Path.Combine(SecretFolder, service);

    internal string DataOf(string node) => Path.Combine(Machine.NodeData, node);

    public string AgentFolder => Path.Combine(Machine.NodeData, "agent");

    /// <summary>Of the files with secrets that containers mount.</summary>
    public string SecretFolder => Path.Combine(Machine.NodeData, "secrets");

    private const string Loopback = "127.0.0.1", Everywhere = "0.0.0.0";

    private IReadOnlyList<string> PublishedAt(string address) => address == Everywhere ? [Everywhere] : [address, Gateway];

    private static IPAddress Following(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        bytes[^1]++;
        return new IPAddress(bytes);
    }
}

/// <summary>What only the machine that runs the containers can say.</summary>
/// <param name="Folder">Where cluster.yaml lies.</param>
/// <param name="NodeData">Folder of the nodes' data.</param>
/// <param name="EngineSocket">Path of the engine's socket.</param>
/// <param name="EngineGroup">Its group; null: not known.</param>
/// <param name="User">Who the containers run as, <c>uid:gid</c>; null: the image's own service user.</param>
public sealed record MachineFacts(string Folder, string NodeData, string EngineSocket, string? EngineGroup, string? User);

/// <summary>Made once for a cluster and kept beside its compose files.</summary>
public sealed record ClusterSecrets(string Cluster, string Redis, string ApiKey)
{
    public static ClusterSecrets New() => new(Random(), Random(), Random());

    /// <summary>The form in which the API is told which key is good.</summary>
    internal string ApiKeyHash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(ApiKey)));

    /// <summary>Letters and digits only: it goes into connection strings and command lines.</summary>
    public static string Random() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24));
}
