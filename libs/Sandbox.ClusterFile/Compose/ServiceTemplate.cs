using Sandbox.ClusterFile.Settings;

namespace Sandbox.ClusterFile.Compose;

/// <summary>What the containers of both compose files have in common.</summary>
internal static class ServiceTemplate
{
    public const string VersionLabel = "sandbox.aspire/version";

    public static ComposeService New(ClusterPlan plan, string name, string network, string? image = null) => new()
    {
        Name = name,
        ContainerName = $"{plan.Project}-{name}",
        Hostname = name,
        Image = image ?? plan.Settings.Services.Nodes.Image ?? ClusterPlan.Image,
        Build = image is null ? BuildOf(plan, plan.Settings.Services.Nodes.Build) : null,
        User = plan.Machine.User,
        Network = network,
        PublishAddresses = plan.PublishAddresses,
        Labels = new Dictionary<string, string> { [VersionLabel] = plan.Settings.Project.Version },
    };

    /// <summary>A node drives the host's engine: its socket, and a data folder that has the same path for both.</summary>
    public static ComposeService Node(ClusterPlan plan, string name, string network, string? image = null, BuildSettings? build = null) =>
        New(plan, name, network, image) with
        {
            Kind = "node",
            Build = image is null ? BuildOf(plan, build ?? plan.Settings.Services.Nodes.Build) : BuildOf(plan, build),
            Entrypoint = Entry("node"),
            GroupAdd = plan.Machine.EngineGroup is { } group ? [group] : [],
            IsReadOnly = true,
            PidsLimit = 8192,
            Mounts =
            [
                new(plan.Machine.EngineSocket, "/var/run/docker.sock"),
                new(plan.DataOf(name), plan.DataOf(name)),
                new(plan.AgentFolder, plan.AgentFolder, ReadOnly: true),
            ],
        };

    public static IReadOnlyList<string> Entry(string role) => ["/usr/local/bin/cluster-entry", role];

    /// <summary>What every process of the cluster is told.</summary>
    public static Dictionary<string, string> ClusterEnvironment(ClusterPlan plan) => new()
    {
        ["Cluster__Id"] = plan.Project,
        ["DOTNET_ENVIRONMENT"] = "Production",
        ["SECRETS_FOLDER"] = ComposeService.SecretFolder,
    };

    /// <summary>What every process of the cluster is told by files.</summary>
    /// <param name="outside">It runs on another network and comes in through the host's ports.</param>
    public static ComposeService WithClusterSecrets(this ComposeService service, ClusterPlan plan, bool outside = false) =>
        service.WithSecrets(plan, new Dictionary<string, string>
        {
            ["Cluster__Secret"] = plan.Secrets.Cluster,
            ["ConnectionStrings__sandbox"] = StoreContainers.Database(plan, outside),
            ["ConnectionStrings__redis"] = StoreContainers.LiveEntries(plan, outside),
        });

    public static ComposeService WithSecrets(this ComposeService service, ClusterPlan plan, Dictionary<string, string> secrets) =>
        service with
        {
            Secrets = secrets,
            Mounts = [.. service.Mounts, new(plan.SecretsOf(service.Name), ComposeService.SecretFolder, ReadOnly: true)],
        };

    public static Dictionary<string, string> With(Dictionary<string, string> environment, params (string Name, string Value)[] more)
    {
        foreach (var (name, value) in more)
        {
            environment[name] = value;
        }

        return environment;
    }

    public static IEnumerable<ComposePort> NodePorts(int? nodePort, int? first, int? last)
    {
        if (nodePort is { } port)
        {
            yield return new(port, ClusterPlan.NodePort);
        }

        for (var number = first; number <= last; number++)
        {
            yield return new(number.Value, number.Value);
        }
    }

    public static ComposeHealthCheck Answers(string url) => new(
        ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", url],
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(3), 10, TimeSpan.FromSeconds(3));

    private static ComposeBuild? BuildOf(ClusterPlan plan, BuildSettings? build) =>
        build is { Enabled: true }
            ? new ComposeBuild(Path.GetFullPath(build.Context, plan.Machine.Folder), build.Dockerfile, build.Target) : null;
}
