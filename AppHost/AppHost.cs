using AppHost;
using Aspire.Hosting.Docker.Resources.ServiceNodes.Swarm;

// The floor plan of the whole: stores, then who decides, then who answers, then who works. docs/apphost.md has its arguments.
var builder = DistributedApplication.CreateBuilder(args);
var isRun = builder.ExecutionContext.IsRunMode;
var target = builder.Configuration["target"];
var scratch = builder.Configuration["scratch"];
var keeps = scratch is null;
var floor = FloorSettings.Read(builder.Configuration);

// Where it is published to. Nothing of the machine it is written on is mounted anywhere but beside it: with compose.
_ = target switch
{
    null => null,
    "compose" => builder.AddDockerComposeEnvironment("compose") as IResourceBuilder<IResource>,
    "kubernetes" => builder.AddKubernetesEnvironment("k8s").WithProperties(cluster => cluster.DefaultStorageType = "pvc"), // else the database ends with its pod
    "azure" => builder.AddAzureContainerAppEnvironment("aca"),
    _ => throw new DistributedApplicationException($"--target {target}: there are compose, kubernetes and azure."),
};
var isBeside = isRun || target is "compose";
var runsPods = !isRun && target is "kubernetes";

// Generated at the first start, and kept for as long as what they protect.
var clusterId = builder.AddParameter("cluster-id", new GenerateParameterDefault { MinLength = 12, Upper = false, Special = false }, persist: keeps);
var clusterSecret = builder.AddParameter("cluster-secret", new GenerateParameterDefault { MinLength = 48, Special = false }, secret: true, persist: keeps);
var databasePassword = builder.AddParameter("database-password", new GenerateParameterDefault { MinLength = 24, Special = false }, secret: true, persist: keeps);

var postgres = builder.AddPostgres("postgres", password: databasePassword);
if (keeps)
{
    postgres.WithDataVolume("sandbox-postgres");
}

var database = postgres.AddDatabase("sandbox");
if (!isRun)
{
    // Where a person starts it, the AppHost makes the database; elsewhere the image does.
    postgres.WithEnvironment("POSTGRES_DB", "sandbox");
}

var redis = builder.AddRedis("redis");

// Decides which node is the head: the first of these that is there.
var candidates = runsPods ? Pods.Name : string.Join(' ', floor.Candidates);
var health = builder.AddProject<Projects.Health_Service>("health")
    .WithHttpEndpoint()
    .InCluster(clusterId, clusterSecret, database)
    .WithEnvironment("HEAD_WHITELIST", candidates)
    .WithClusterFile(floor);

var api = builder.AddProject<Projects.Sandbox_Api>("api")
    .WithReplicas(2)
    .WithHttpEndpoint(port: isBeside && floor.ApiPort > 0 ? floor.ApiPort : null)
    .WithExternalHttpEndpoints()
    .InCluster(clusterId, clusterSecret, database) // and with it its internal port, which is nobody's outside
    .WithReference(redis).WaitFor(redis)
    .WithDemoCommand(builder.Configuration["demo-image"]);
if (!isRun)
{
    // Whoever can reach it needs a key; this is the SHA-256 of the first.
    api.WithEnvironment("Api__KeyHashes__0", builder.AddParameter("api-key-hash", secret: true));
}

if (target is "compose")
{
    // Replicas behind one published port: compose takes the count, and no fixed port, of those.
    api.PublishAsDockerComposeService((_, service) => (service.Deploy, service.Restart) = (new Deploy { Replicas = 1 }, Nodes.Restart));
    health.PublishAsDockerComposeService((_, service) => service.Restart = Nodes.Restart);
}

// The agent that goes into each sandbox, built from this repository before the first node needs it.
var agent = isRun ? builder.AddExecutable("agent", "bash", "..", "build/any-agent.sh") : null;

if (runsPods)
{
    AddPods();
}
else
{
    var head = AddNode(floor.Candidates[0]).WaitFor(health);
    foreach (var name in floor.Candidates.Skip(1).Concat(floor.Others))
    {
        AddNode(name).WaitFor(head)
            .WithEnvironment("HEAD_ADDRESS_CFG", $"{head.GetEndpoint("head").Property(EndpointProperty.HostAndPort)}");
    }
}

if (isBeside)
{
    // Optional: a person starts them, from the dashboard or with compose.
    var prometheus = builder.AddContainer("prometheus", "prom/prometheus", "v3.5.0")
        .WithBindMount("../deploy/prometheus", "/etc/prometheus", isReadOnly: true)
        .WithHttpEndpoint(targetPort: 9090)
        .WithExplicitStart();
    builder.AddContainer("grafana", "grafana/grafana", "12.1.1")
        .WithBindMount("../deploy/grafana/provisioning", "/etc/grafana/provisioning", isReadOnly: true)
        .WithBindMount("../deploy/grafana/dashboards", "/var/lib/grafana/dashboards", isReadOnly: true)
        .WithHttpEndpoint(targetPort: 3000)
        .WithEnvironment("PROMETHEUS_URL", prometheus.GetEndpoint("http"))
        .WithExplicitStart();
}

builder.Build().Run();

IResourceBuilder<ProjectResource> AddNode(string name)
{
    var node = builder.AddProject<Projects.Sandbox_Worker>(name)
        .InCluster(clusterId, clusterSecret, database)
        .WithReference(redis).WaitFor(redis)
        .WithReference(health)
        .WithEnvironment("HEAD_WHITELIST", candidates).WithEnvironment("HEALTH_URL", health.GetEndpoint("http"))
        .WithClusterFile(floor)
        .WithEnvironment("Worker__NodeName", name)
        .WithHeadPorts()
        .WithDrainCommand(api);
    return agent is null ? node.AsPublishedNode(target) : node.AsLocalNode(scratch).WaitForCompletion(agent);
}

// The replicas are one node: whoever has its name runs the pods, and the other takes it when that one ends.
void AddPods()
{
    var agentSecret = builder.AddParameter("agent-secret", new GenerateParameterDefault { MinLength = 48, Special = false }, secret: true, persist: keeps);
    builder.AddProject<Projects.Sandbox_Kubernetes>(Pods.Name)
        .WithReplicas(2)
        .InCluster(clusterId, clusterSecret, database)
        .WithReference(redis).WaitFor(redis)
        .WithDrainCommand(api)
        .AsPods(builder.AddParameter("agent-image"), agentSecret);
}
