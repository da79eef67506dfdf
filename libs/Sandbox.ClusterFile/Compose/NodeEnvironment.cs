using System.Globalization;
using Sandbox.ClusterFile.Rules;
using Sandbox.ClusterFile.Settings;

namespace Sandbox.ClusterFile.Compose;

/// <summary>What a node is told by its environment, by the names of source document 004 and of the worker's own settings.</summary>
public static class NodeEnvironment
{
    public const string Whitelist = "HEAD_WHITELIST";
    public const string HealthUrl = "HEALTH_URL";
    public const string HeadAddress = "HEAD_ADDRESS";

    /// <summary>The settings that decide between head and worker, of section <c>nodes</c>.</summary>
    public static Dictionary<string, string> OfDecision(NodeSettings nodes) => new()
    {
        [Whitelist] = string.Join(' ', nodes.HeadWhitelist),
        [HealthUrl] = nodes.HealthService.Url,
        ["HEALTH_TIMEOUT"] = Number(nodes.HealthService.Timeout),
        ["HEALTH_MAX_RETRIES"] = Number(nodes.HealthService.MaxRetries),
        ["HEALTH_RETRY_INTERVAL"] = Number(nodes.HealthService.RetryInterval),
        ["DISCOVERY_TIMEOUT"] = Number(nodes.Cluster.DiscoveryTimeout),
        ["WAIT_FOR_HEAD"] = Number(nodes.Cluster.WaitForHead),
        ["HEAD_ADDRESS_CFG"] = nodes.HeadAddress ?? "",
    };

    internal static Dictionary<string, string> Of(ClusterPlan plan, NodePlan node)
    {
        var environment = ServiceTemplate.ClusterEnvironment(plan);
        foreach (var (name, value) in OfDecision(plan.Settings.Nodes))
        {
            environment[name] = value;
        }

        ServiceTemplate.With(
            environment,
            ("HEAD_PORT", Number(node.HeadPort)), ("DASHBOARD_PORT", Number(ClusterPlan.DashboardPort)),
            ("CLIENT_PORT", Number(ClusterPlan.ClientPort)),
            ("Worker__NodeName", node.Name), ("Worker__Listen", $"0.0.0.0:{ClusterPlan.NodePort}"), ("Worker__Address", node.Address),
            ("Worker__DataFolder", plan.DataOf(node.Name)), ("Worker__AgentFolder", plan.AgentFolder), ("Worker__Deployment", "docker"),
            ("API_URL",
                node.IsOutside ? $"http://{plan.HostAddress}:{plan.Settings.Services.Api.Port}" : $"http://{ClusterPlan.ApiName}:8080"));
        foreach (var (name, value) in new[]
        {
            (HealthUrl, node.HealthUrl), (HeadAddress, node.HeadAddress), ("NODE_IP_ADDRESS", node.HostAddress),
            ("HEAD_PUBLISHED_PORT", Number(node.PublishedHeadPort)),
            ("Worker__Capacity__Cpus", Number(node.Cpus)), ("Worker__Capacity__Gpus", Number(node.Gpus)),
            ("Worker__Capacity__MemoryBytes", node.Memory is { } memory ? Number(MemoryAttribute.Bytes(memory)) : null),
            ("Worker__Labels__gpu_type", node.GpuType),
        })
        {
            if (value is not null)
            {
                environment[name] = value;
            }
        }

        // A node in a container does not see the machine's devices.
        for (var gpu = 0; gpu < node.Gpus; gpu++)
        {
            environment[$"Worker__Gpus__{Number(gpu)}"] = Number(gpu);
        }

        return environment;
    }

    private static string? Number(double? value) => value?.ToString(CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <param name="HeadPort">Inside its container.</param>
/// <param name="Address">Where APIs and other nodes reach it.</param>
internal sealed record NodePlan(string Name, int HeadPort, string Address)
{
    /// <summary>Null: nothing is declared, the machine is asked.</summary>
    public double? Cpus { get; init; }

    public string? Memory { get; init; }

    public double? Gpus { get; init; }

    public string? GpuType { get; init; }

    /// <summary>The address by which all that look for the head reach it, inside and outside its network: the host's address and published
    /// port.</summary>
    public string? HostAddress { get; init; }

    public int? PublishedHeadPort { get; init; }

    /// <summary>On another network than the cluster's.</summary>
    public bool IsOutside { get; init; }

    /// <summary>Null: as section <c>nodes</c> says.</summary>
    public string? HealthUrl { get; init; }

    /// <summary>Null: none; the head that it joins stands above all other sources.</summary>
    public string? HeadAddress { get; init; }
}
