using System.Globalization;
using Sandbox.ClusterFile.Settings;

namespace Sandbox.ClusterFile.Compose;

/// <summary>The cluster itself: stores, Health.Service, API and nodes on one network.</summary>
public static class MainCluster
{
    private const string Network = "cluster-network";

    public static ComposeFile Make(ClusterPlan plan)
    {
        var services = new List<ComposeService>();
        var settings = plan.Settings.Services;
        AddIf(settings.Postgres.Enabled, () => StoreContainers.Postgres(plan, Network));
        AddIf(settings.Redis.Enabled, () => StoreContainers.Redis(plan, Network));
        AddIf(settings.Health.Enabled, () => Health(plan));
        AddIf(settings.Api.Enabled, () => Api(plan));
        AddIf(plan.HasCpuNode, () => Node(plan, ClusterPlan.CpuName, settings.Nodes.Cpu, after: null));
        AddIf(plan.HasGpuNode, () => Node(plan, ClusterPlan.GpuName, settings.Nodes.Gpu, plan.HasCpuNode ? ClusterPlan.CpuName : null));
        var volumes = services.SelectMany(service => service.Mounts).Where(mount => mount.IsVolume)
            .Select(mount => new ComposeVolume(mount.Source, $"{plan.Project}-{mount.Source}"));
        return new ComposeFile(
            plan.Project, services, [new ComposeNetwork(Network, $"{plan.Project}-{Network}", plan.Settings.Network.Subnet)], [.. volumes]);

        void AddIf(bool condition, Func<ComposeService> make)
        {
            if (condition)
            {
                services.Add(make());
            }
        }
    }

    private static ComposeService Health(ClusterPlan plan) => (ServiceTemplate.New(plan, ClusterPlan.HealthName, Network) with
    {
        IsReadOnly = true,
        Kind = "health",
        Entrypoint = ServiceTemplate.Entry("health"),
        Environment = ServiceTemplate.With(ServiceTemplate.ClusterEnvironment(plan), ("ASPNETCORE_URLS", "http://0.0.0.0:8080"),
            (NodeEnvironment.Whitelist, string.Join(' ', plan.Settings.Nodes.HeadWhitelist))),
        Ports = [new(plan.Settings.Services.Health.Port, 8080)],
        DependsOn = AfterStores(plan),
        HealthCheck = ServiceTemplate.Answers("http://127.0.0.1:8080/"),
        Restarts = true,
        Url = UrlOf(plan, plan.Settings.Services.Health.Port),
    }).WithClusterSecrets(plan);

    private static ComposeService Api(ClusterPlan plan) => (ServiceTemplate.New(plan, ClusterPlan.ApiName, Network) with
    {
        IsReadOnly = true,
        Kind = "api",
        Entrypoint = ServiceTemplate.Entry("api"),
        Environment = ServiceTemplate.With(
            ServiceTemplate.ClusterEnvironment(plan), ("ASPNETCORE_URLS", "http://0.0.0.0:8080"),
            ("Api__KeyHashes__0", plan.Secrets.ApiKeyHash),
            ("Internal__Listen", "127.0.0.1:9464")),
        Ports = [new(plan.Settings.Services.Api.Port, 8080)],
        DependsOn = AfterStores(plan),
        HealthCheck = ServiceTemplate.Answers("http://127.0.0.1:9464/health"),
        Restarts = true,
        Url = UrlOf(plan, plan.Settings.Services.Api.Port),
    }).WithClusterSecrets(plan);

    private static ComposeService Node(ClusterPlan plan, string name, NodeService node, string? after)
    {
        var address = node is { NodeIpAddress: { } ip, NodePort: { } port } ? Http(ip, port) : Http(name, ClusterPlan.NodePort);
        ComposeDependency[] gates =
        [
            .. after is null ? [] : new[] { new ComposeDependency(after, UntilHealthy: false) },
            .. plan.Settings.Services.Health.Enabled ? new[] { new ComposeDependency(ClusterPlan.HealthName, UntilHealthy: true) } : [],
        ];
        var service = ServiceTemplate.Node(plan, name, Network, node.Image, node.Build) with
        {
            Environment = NodeEnvironment.Of(plan, new NodePlan(name, node.ContainerHeadPort, address)
            {
                Cpus = node.Cpus,
                Memory = node.Memory,
                Gpus = node.Gpus > 0 ? node.Gpus : null,
                HostAddress = plan.HostAddress,
                PublishedHeadPort = node.HeadPort,
                GpuType = node.Gpus > 0 ? plan.Settings.Host.GpuType : null,
            }),
            Ports =
            [
                new(node.HeadPort, node.ContainerHeadPort), new(node.DashboardPort, ClusterPlan.DashboardPort),
                new(node.ClientPort, ClusterPlan.ClientPort),
                .. ServiceTemplate.NodePorts(node.NodePort, node.MinWorkerPort, node.MaxWorkerPort),
            ],
            DependsOn = [.. gates, .. AfterStores(plan)],
            LimitCpus = node.LimitCpus,
            LimitMemory = node.LimitMemory,
            Restarts = true,
            Url = UrlOf(plan, node.DashboardPort),
        };
        return service.WithClusterSecrets(plan);
    }

    private static ComposeDependency[] AfterStores(ClusterPlan plan) =>
        plan.Settings.Services.Postgres.Enabled ? [new(ClusterPlan.PostgresName, UntilHealthy: true)] : [];

    private static string UrlOf(ClusterPlan plan, int port) => Http(plan.Settings.Host.Hostname, port);

    private static string Http(string host, int port) => string.Create(CultureInfo.InvariantCulture, $"http://{host}:{port}");
}
