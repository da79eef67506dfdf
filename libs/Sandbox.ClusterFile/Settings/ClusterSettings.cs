using System.ComponentModel;
using Sandbox.ClusterFile.Rules;

namespace Sandbox.ClusterFile.Settings;

/// <summary>All of <c>cluster.yaml</c>, with its defaults. Names there are these in snake_case; descriptions and rules go into the
/// JSON Schema.</summary>
public sealed class ClusterSettings
{
    [Description("What is being run.")]
    public ProjectSettings Project { get; set; } = new();

    [Description("The machine that the containers run on.")]
    public HostSettings Host { get; set; } = new();

    [Description("The network of the cluster's own containers.")]
    public NetworkSettings Network { get; set; } = new();

    [Description("The containers.")]
    public ServiceSettings Services { get; set; } = new();

    [Description("Where data is kept.")]
    public VolumeSettings Volumes { get; set; } = new();

    [Description("The cluster test: a client and a worker on a network of their own.")]
    public ClusterTestSettings ClusterTest { get; set; } = new();

    [Description("How a node decides between head and worker.")]
    public NodeSettings Nodes { get; set; } = new();
}

public sealed class ProjectSettings
{
    [Required]
    [Named]
    [Description("Begins the name of every container, network and volume; also the cluster's id.")]
    public string Name { get; set; } = "";

    [Required]
    [Description("Of this file's contents, for people; a container's label.")]
    public string Version { get; set; } = "";
}

public sealed class HostSettings
{
    [Description("Whether it has GPUs. Not said: nvidia-smi is asked.")]
    public bool? HasGpu { get; set; }

    [Description("Kind of GPU; a label of the GPU node that a start may demand.")]
    public string? GpuType { get; set; }

    [Description("What people reach it by; stands in the URLs that are shown.")]
    public string Hostname { get; set; } = "localhost";

    [Address]
    [Description("What other machines reach it by. With it the ports are published for them, those of the stores left out.")]
    public string? IpAddress { get; set; }

    [ListenAddress]
    [Description("Address at which ports are published, those of the stores left out. Not said: 0.0.0.0 with ip_address, else 127.0.0.1.")]
    public string? PublishAddress { get; set; }

    [ListenAddress]
    [Description("Address at which the ports of Postgres and Redis are published. Not said: 127.0.0.1.")]
    public string? StoreAddress { get; set; }
}

public sealed class NetworkSettings
{
    [Subnet]
    [Description("Subnet of the cluster's network.")]
    public string Subnet { get; set; } = "172.28.0.0/16";
}

public sealed class VolumeSettings
{
    [Description("Volume, or absolute path, of the database.")]
    public string PostgresData { get; set; } = "postgres-data";

    [AbsolutePath]
    [Description(
        "Folder of the nodes' data, at the same path outside and inside. Not said: below /var/lib/sandbox, or the user's data folder.")]
    public string? NodeData { get; set; }
}
