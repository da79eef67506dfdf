using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.Docker.Resources.ServiceNodes;

namespace AppHost;

/// <summary>What the cluster's processes are told, and a node about the machine it runs on.</summary>
internal static class Nodes
{
    /// <summary>Compose starts all at once: who finds no database yet ends, and is to be started again.</summary>
    public const string Restart = "unless-stopped";

    private const int InternalPort = 9464;
    private const string EngineSocket = "/var/run/docker.sock";

    /// <summary>One of the cluster's processes: it knows the cluster and its database, and has a port for probes and Prometheus.</summary>
    public static IResourceBuilder<ProjectResource> InCluster(
        this IResourceBuilder<ProjectResource> process, IResourceBuilder<ParameterResource> id, IResourceBuilder<ParameterResource> secret,
        IResourceBuilder<PostgresDatabaseResource> database)
    {
        var isRun = process.ApplicationBuilder.ExecutionContext.IsRunMode;
        process.WithHttpEndpoint(targetPort: isRun ? null : InternalPort, name: "internal", env: "INTERNAL_PORT");
        var port = process.GetEndpoint("internal").Property(EndpointProperty.TargetPort);
        return process
            .WithEnvironment("Internal__Listen", $"{(isRun ? "127.0.0.1" : "0.0.0.0")}:{port}")
            .WithHttpHealthCheck("/health", endpointName: "internal")
            .WithEnvironment("Cluster__Id", id).WithEnvironment("Cluster__Secret", secret)
            .WithReference(database).WaitFor(database);
    }

    /// <summary>What else the file says; what the floor plan tells a process itself stands over that.</summary>
    public static IResourceBuilder<ProjectResource> WithClusterFile(this IResourceBuilder<ProjectResource> process, FloorSettings floor) =>
        floor.ClusterFile is { } file && process.ApplicationBuilder.ExecutionContext.IsRunMode ? process.WithEnvironment("CLUSTER_FILE", file) : process;

    /// <summary>Where a node is asked for its role, shows the cluster's status, and gives out the API, while it is the head.</summary>
    public static IResourceBuilder<ProjectResource> WithHeadPorts(this IResourceBuilder<ProjectResource> node)
    {
        var isRun = node.ApplicationBuilder.ExecutionContext.IsRunMode;
        return node
            .WithHttpEndpoint(targetPort: isRun ? null : 6390, name: "head", env: "HEAD_PORT")
            .WithHttpEndpoint(targetPort: isRun ? null : 8265, name: "dashboard", env: "DASHBOARD_PORT")
            .WithHttpEndpoint(targetPort: isRun ? null : 10001, name: "client", env: "CLIENT_PORT");
    }

    /// <summary>A process of this machine, with a folder and the agents of this repository.</summary>
    /// <param name="scratch">Folder for what is not kept; null: a folder of the user's own for this clone.</param>
    public static IResourceBuilder<ProjectResource> AsLocalNode(this IResourceBuilder<ProjectResource> node, string? scratch)
    {
        var appHost = node.ApplicationBuilder.AppHostDirectory;
        var artifacts = Path.GetFullPath("../artifacts", appHost);
        // Short, because sockets live below it.
        var folder = scratch ?? Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
            "sandbox-nodes", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(appHost)))[..8]);
        return node
            .WithEnvironment("Worker__DataFolder", Path.Combine(folder, node.Resource.Name))
            .WithEnvironment(scratch is null ? "Worker__EndsSandboxes" : "Worker__RemovesSandboxes", "true") // the stack leaves nothing running
            .WithEnvironment("Worker__AgentFolder", Path.Combine(artifacts, "agent"))
            .WithEnvironment("Worker__ManagedAgent", Path.Combine(artifacts, "agent-managed", "sandbox-agent.dll"));
    }

    /// <summary>A container: with compose beside an engine, whose socket and data folder it shares at the same paths.</summary>
    public static IResourceBuilder<ProjectResource> AsPublishedNode(this IResourceBuilder<ProjectResource> node, string? target)
    {
        var folder = $"/var/lib/sandbox/{node.Resource.Name}"; // the engine mounts from there, and sees nothing of the image
        node.WithHttpEndpoint(targetPort: 8090, name: "roads", env: "ROADS_PORT")
            .WithEnvironment("Worker__Listen", "0.0.0.0:8090")
            .WithEnvironment("Worker__DataFolder", folder)
            .WithEnvironment("Worker__AgentFolder", "/app/agent");
        return target is not "compose"
            ? node
            : node.WithEnvironment("Worker__CopiesAgent", "true").PublishAsDockerComposeService((_, service) =>
            {
                service.Restart = Restart;
                service
                    .AddVolume(new Volume { Name = "engine", Type = "bind", Source = EngineSocket, Target = EngineSocket, ReadOnly = false })
                    .AddVolume(new Volume { Name = "data", Type = "bind", Source = folder, Target = folder, ReadOnly = false });
            });
    }
}
