using System.ComponentModel;
using Sandbox.ClusterFile.Rules;

namespace Sandbox.ClusterFile.Settings;

public sealed class NodeSettings
{
    [Required]
    [WhitelistEntries]
    [Description("Who may be the head, as host or host:port, first choice first. Names are those of the nodes' hosts.")]
    public List<string> HeadWhitelist { get; set; } = ["node-cpu", "node-gpu"];

    [HostAndPort]
    [Description("The head that a node that is not in the whitelist joins. Not said: the first of the whitelist.")]
    public string? HeadAddress { get; set; }

    [Description("How Health.Service is asked.")]
    public HealthAskedSettings HealthService { get; set; } = new();

    [Description("How long a node waits for others.")]
    public ClusterWaitSettings Cluster { get; set; } = new();
}

public sealed class HealthAskedSettings
{
    [HttpAddress]
    [Description("Where the nodes reach it.")]
    public string Url { get; set; } = "http://health:8080";

    [AtLeast(1)]
    [Description("Seconds for one attempt.")]
    public double Timeout { get; set; } = 1;

    [AtLeast(0)]
    [Description("Attempts; 0: it counts as unreachable at once.")]
    public int MaxRetries { get; set; } = 3;

    [AtLeast(0)]
    [Description("Seconds between two attempts.")]
    public double RetryInterval { get; set; } = 0.5;
}

public sealed class ClusterWaitSettings
{
    [MoreThan(0)]
    [Description("Seconds for the search of a head that lives.")]
    public double DiscoveryTimeout { get; set; } = 5;

    [AtLeast(0)]
    [Description("Attempts, one a second, of a worker to find its head.")]
    public int WaitForHead { get; set; } = 30;
}

public sealed class ClusterTestSettings
{
    [OneOf("cpu", "gpu")]
    [Description("Which node the test's containers connect to.")]
    public string Target { get; set; } = "cpu";

    [Subnet]
    [Description("Subnet of the test's network.")]
    public string TestNetworkSubnet { get; set; } = "172.30.0.0/24";

    [Port]
    [Description("Port of the host that leads to the test worker's sandboxes.")]
    public int WorkerNodePort { get; set; } = 30000;

    [Port]
    [Description("First of further ports of the test worker.")]
    public int WorkerMinWorkerPort { get; set; } = 30010;

    [Port]
    [Description("Last of them.")]
    public int WorkerMaxWorkerPort { get; set; } = 30020;

    [Port]
    [Description("The same of the CPU worker beside a GPU target.")]
    public int WorkerCpuNodePort { get; set; } = 30100;

    [Port]
    public int WorkerCpuMinWorkerPort { get; set; } = 30110;

    [Port]
    public int WorkerCpuMaxWorkerPort { get; set; } = 30120;

    [MoreThan(0)]
    [Description("CPUs that the test worker declares.")]
    public double WorkerCpus { get; set; } = 2;

    [Memory]
    [Description("Memory that the test worker declares.")]
    public string WorkerMemory { get; set; } = "2g";
}
