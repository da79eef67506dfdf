using System.Globalization;
using Sandbox.ClusterFile.Settings;

namespace Sandbox.ClusterFile.Compose;

/// <summary>
/// The cluster test: a client and a worker on a network of their own. They know the main cluster by its hosts' names, which
/// lead to an address of the machine and its published ports, as from another machine; the engine's own names do not help there.
/// </summary>
public static class TestCluster
{
    public const string ClientName = "test-client", WorkerName = "test-worker", CpuWorkerName = "test-worker-cpu";

    private const string Network = "test-network";
    private const string ApiKey = "SANDBOX_API_KEY";

    /// <summary>Names of the test's nodes; what they made is theirs.</summary>
    public static IReadOnlyList<string> NodeNames => [WorkerName, CpuWorkerName];

    /// <param name="target"><c>cpu</c> or <c>gpu</c>; null: as cluster.yaml says.</param>
    /// <param name="head">The head that the worker joins, host:port; null: the target.</param>
    public static ComposeFile Make(ClusterPlan plan, string? target, string? head)
    {
        var test = plan.Settings.ClusterTest;
        var onGpu = (target ?? test.Target) == "gpu";
        var (name, node) = onGpu
            ? (ClusterPlan.GpuName, plan.Settings.Services.Nodes.Gpu) : (ClusterPlan.CpuName, plan.Settings.Services.Nodes.Cpu);
        var address = head ?? string.Create(CultureInfo.InvariantCulture, $"{name}:{node.HeadPort}");
        List<ComposeService> services =
            [Client(plan, name, node),
                Worker(plan, WorkerName, address, test.WorkerNodePort, test.WorkerMinWorkerPort, test.WorkerMaxWorkerPort)];
        if (onGpu)
        {
            services.Add(
                Worker(plan, CpuWorkerName, address, test.WorkerCpuNodePort, test.WorkerCpuMinWorkerPort, test.WorkerCpuMaxWorkerPort));
        }

        return new ComposeFile(
            $"{plan.Project}-test", services, [new ComposeNetwork(Network, $"{plan.Project}-{Network}", test.TestNetworkSubnet)], []);
    }

    /// <summary>Null: the target can be connected to.</summary>
    public static string? WhyNotTarget(ClusterPlan plan, string? target) => (target ?? plan.Settings.ClusterTest.Target) switch
    {
        "gpu" when !plan.Host.HasGpu => "target gpu needs a host with GPUs (host.has_gpu)",
        "gpu" when !plan.HasGpuNode => "target gpu needs services.nodes.gpu to be enabled",
        "cpu" when !plan.HasCpuNode => "target cpu needs services.nodes.cpu to be enabled",
        _ => null,
    };

    private static ComposeService Client(ClusterPlan plan, string name, NodeService node)
    {
        var service = ServiceTemplate.New(plan, ClientName, Network) with
        {
            Kind = "test",
            Entrypoint = ServiceTemplate.Entry("test-client"),
            Environment = new Dictionary<string, string>
            {
                ["TEST_HEAD_HOST"] = name,
                ["TEST_HEAD_PORT"] = Number(node.HeadPort),
                ["TEST_HEALTH_PORT"] = Number(plan.Settings.Services.Health.Port),
                ["SANDBOX_URL"] = $"http://{plan.HostAddress}:{Number(node.ClientPort)}",
                ["SANDBOX_API_KEY_FILE"] = $"{ComposeService.SecretFolder}/{ApiKey}",
            },
            ExtraHosts = Hosts(plan),
        };
        return service.WithSecrets(plan, new Dictionary<string, string> { [ApiKey] = plan.Secrets.ApiKey });
    }

    private static ComposeService Worker(ClusterPlan plan, string name, string head, int nodePort, int first, int last)
    {
        var test = plan.Settings.ClusterTest;
        var environment = NodeEnvironment.Of(plan, new NodePlan(name, 6379, $"http://{plan.HostAddress}:{Number(nodePort)}")
        {
            Cpus = test.WorkerCpus,
            Memory = test.WorkerMemory,
            Gpus = 0,
            IsOutside = true,
            HealthUrl = $"http://{ClusterPlan.HealthName}:{Number(plan.Settings.Services.Health.Port)}",
            HeadAddress = head,
        });
        var service = ServiceTemplate.Node(plan, name, Network) with
        {
            Kind = "test",
            Entrypoint = ServiceTemplate.Entry("test-worker"),
            Environment = ServiceTemplate.With(environment, ("TEST_HEALTH_PORT", Number(plan.Settings.Services.Health.Port))),
            Ports = [.. ServiceTemplate.NodePorts(nodePort, first, last)],
            ExtraHosts = Hosts(plan),
        };
        return service.WithClusterSecrets(plan, outside: true);
    }

    private static string[] Hosts(ClusterPlan plan)
    {
        // The stores may be published for this machine only.
        return [.. MainCluster.Make(plan).Services.Select(
            service => $"{service.Hostname}:{(service.Kind == "store" ? plan.Gateway : plan.HostAddress)}")];
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);
}
