using System.ComponentModel;
using Sandbox.ClusterFile.Rules;

namespace Sandbox.ClusterFile.Settings;

public sealed class ServiceSettings
{
    [Description("The nodes: each runs sandboxes, and one of them is the head.")]
    public NodeServices Nodes { get; set; } = new();

    [Description("Decides who is the head.")]
    public HealthServiceContainer Health { get; set; } = new();

    [Description("The public HTTP API.")]
    public ApiService Api { get; set; } = new();

    [Description("Speed: live entries and wake-ups. The cluster works without it.")]
    public RedisService Redis { get; set; } = new();

    [Description("The truth: records, jobs, leases.")]
    public PostgresService Postgres { get; set; } = new();
}

public sealed class NodeServices
{
    [Description("Image of every node that names none.")]
    public string? Image { get; set; }

    [Description("How that image is built.")]
    public BuildSettings? Build { get; set; }

    [Description("The first node.")]
    public NodeService Cpu { get; set; } = new() { HeadPort = 6390, DashboardPort = 8265, ClientPort = 10001, ContainerHeadPort = 6379 };

    [Description("The node with GPUs; only on a host that has them.")]
    public NodeService Gpu { get; set; } =
        new() { HeadPort = 6391, DashboardPort = 8266, ClientPort = 10002, ContainerHeadPort = 6380, Gpus = 1 };
}

public sealed class NodeService
{
    public bool Enabled { get; set; } = true;

    [Description("Its own image.")]
    public string? Image { get; set; }

    [Description("How its own image is built.")]
    public BuildSettings? Build { get; set; }

    [MoreThan(0)]
    [Description("CPUs that its sandboxes may take together. Not said: what the machine has.")]
    public double? Cpus { get; set; }

    [Memory]
    [Description("Memory that its sandboxes may take together, for example 4g or 512m.")]
    public string? Memory { get; set; }

    [AtLeast(0)]
    [Description("GPUs that its sandboxes may take together.")]
    public int Gpus { get; set; }

    [MoreThan(0)]
    [Description("CPUs that the node's own container may take. Not said: no limit.")]
    public double? LimitCpus { get; set; }

    [Memory]
    [Description("Memory that the node's own container may take. Not said: no limit.")]
    public string? LimitMemory { get; set; }

    [Port]
    [Description("Port of the host where it says whether it is the head.")]
    public int HeadPort { get; set; }

    [Port]
    [Description("The same inside its container, and in the cluster's network.")]
    public int ContainerHeadPort { get; set; }

    [Port]
    [Description("Port of the status page.")]
    public int DashboardPort { get; set; }

    [Port]
    [Description("Port of the API through this node while it is the head.")]
    public int ClientPort { get; set; }

    [Address]
    [Description("Address by which nodes outside the cluster's network reach it; needs node_port.")]
    public string? NodeIpAddress { get; set; }

    [Port]
    [Description("Port of the host that leads to its sandboxes; needed with node_ip_address only.")]
    public int? NodePort { get; set; }

    [Port]
    [Description("First of further ports that its container publishes, for what Local sandboxes listen on.")]
    public int? MinWorkerPort { get; set; }

    [Port]
    [Description("Last of them.")]
    public int? MaxWorkerPort { get; set; }
}

public sealed class BuildSettings
{
    public bool Enabled { get; set; }

    [Description("File below the context.")]
    public string Dockerfile { get; set; } = "Dockerfile";

    [Description("Stage of that file.")]
    public string? Target { get; set; }

    [Description("Folder that is built, from where cluster.yaml lies.")]
    public string Context { get; set; } = ".";
}
