namespace AppHost;

/// <summary>What the cluster's processes are told, and a node about the machine it runs on.</summary>
internal static class Nodes
{
    private const int InternalPort = 9464;

    /// <summary>The id that marks everything a cluster makes. Another one for each stack: two stacks with one id would take each other's
    /// containers for orphans.</summary>
    public static IResourceBuilder<ParameterResource> AddClusterId(this IDistributedApplicationBuilder builder, FloorSettings floor) =>
        (builder.ExecutionContext.IsRunMode && floor.IsKept
            ? builder.AddParameter("cluster-id", builder.Configuration["Parameters:cluster-id"] ?? $"local-{floor.Stack}")
            : builder.AddParameter("cluster-id", new GenerateParameterDefault { MinLength = 12, Upper = false, Special = false }))
        .WithIconName("Tag");

    /// <summary>One of the cluster's processes: it knows the cluster and its database, and has a port for probes and Prometheus.</summary>
    public static IResourceBuilder<ProjectResource> InCluster(
        this IResourceBuilder<ProjectResource> process, IResourceBuilder<ParameterResource> id, IResourceBuilder<ParameterResource> secret,
        IResourceBuilder<IResourceWithConnectionString> database)
    {
        var isRun = process.ApplicationBuilder.ExecutionContext.IsRunMode;
        if (isRun)
        {
            process.WithBuiltProgram();
        }

        process.WithHttpEndpoint(targetPort: isRun ? null : InternalPort, name: "internal", env: "INTERNAL_PORT");
        var port = process.GetEndpoint("internal").Property(EndpointProperty.TargetPort);
        return process
            .DisableForwardedHeaders()
            .WithEnvironment("Internal__Listen", $"{(isRun ? "127.0.0.1" : "0.0.0.0")}:{port}")
            .WithHttpHealthCheck("/health", endpointName: "internal")
            .WithUrlForEndpoint("internal", url => (url.Url, url.DisplayText, url.DisplayLocation) = (
                "/metrics", "Metrics", UrlDisplayLocation.DetailsOnly))
            .WithEnvironment("Cluster__Id", id).WithEnvironment("Cluster__Secret", secret)
            .WithReference(database).WaitFor(database);
    }

    /// <summary>What else the file says; what the floor plan tells a process itself stands over that.</summary>
    public static IResourceBuilder<ProjectResource> WithClusterFile(this IResourceBuilder<ProjectResource> process, FloorSettings floor) =>
        floor.ClusterFile is { } file && process.ApplicationBuilder.ExecutionContext.IsRunMode
            ? process.WithEnvironment("CLUSTER_FILE", file)
            : process;

    /// <summary>Where a node is asked for its role, shows the cluster's status, and gives out the API, while it is the head.</summary>
    public static IResourceBuilder<ProjectResource> WithHeadPorts(this IResourceBuilder<ProjectResource> node) => node
        .WithPort(6390, "head", "HEAD_PORT", "Role")
        .WithPort(8265, "dashboard", "DASHBOARD_PORT", "Cluster status")
        .WithPort(10001, "client", "CLIENT_PORT", "API address");

    /// <summary>A process of this machine, with a folder and the agents of this repository.</summary>
    public static IResourceBuilder<ProjectResource> AsLocalNode(this IResourceBuilder<ProjectResource> node, FloorSettings floor)
    {
        var artifacts = Path.GetFullPath("../artifacts", node.ApplicationBuilder.AppHostDirectory);
        return node
            .WithEnvironment("Worker__DataFolder", Path.Combine(floor.NodesFolder, node.Resource.Name))
            // The stack leaves nothing running.
            .WithEnvironment(floor.IsKept ? "Worker__EndsSandboxes" : "Worker__RemovesSandboxes", "true")
            .WithEnvironment("Worker__AgentFolder", Path.Combine(artifacts, "agent"))
            .WithEnvironment("Worker__ManagedAgent", Path.Combine(artifacts, "agent-managed", "sandbox-agent.dll"));
    }

    /// <summary>A container of a published stack.</summary>
    public static IResourceBuilder<ProjectResource> AsPublishedNode(this IResourceBuilder<ProjectResource> node) => node
        .WithHttpEndpoint(targetPort: 8090, name: "roads", env: "ROADS_PORT")
        .WithEnvironment("Worker__Listen", "0.0.0.0:8090")
        .WithEnvironment("Worker__DataFolder", $"/var/lib/sandbox/{node.Resource.Name}")
        .WithEnvironment("Worker__AgentFolder", "/app/agent");

    private static IResourceBuilder<ProjectResource> WithPort(
        this IResourceBuilder<ProjectResource> node, int published, string name, string variable, string title) => node
        .WithHttpEndpoint(targetPort: node.ApplicationBuilder.ExecutionContext.IsRunMode ? null : published, name: name, env: variable)
        .WithUrlForEndpoint(name, url => (url.DisplayText, url.DisplayLocation) = (
            title, name is "dashboard" ? UrlDisplayLocation.SummaryAndDetails : UrlDisplayLocation.DetailsOnly));
}
