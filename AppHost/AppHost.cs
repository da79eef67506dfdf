using AppHost;
using AppHost.Starting;

// The floor plan of the whole: stores, then who decides, then who answers, then who works. docs/apphost.md has its arguments.
Refusals.TellInOneLine();
var builder = DistributedApplication.CreateBuilder(args);
var isRun = builder.ExecutionContext.IsRunMode;
var floor = FloorSettings.Read(builder.Configuration, builder.AppHostDirectory);
var access = new ApiAccess();

// Generated at the first start, and kept for as long as what they protect.
var clusterId = builder.AddClusterId(floor);
var clusterSecret = builder
    .AddParameter("cluster-secret", new GenerateParameterDefault { MinLength = 48, Special = false }, secret: true, persist: floor.IsKept)
    .WithIconName("Key");

var (database, redis) = builder.AddStores(floor);

// Decides which node is the head: the first of these that is there.
var candidates = string.Join(' ', floor.Candidates);
var health = builder.AddProject<Projects.Health_Service>("health")
    .WithHttpEndpoint()
    .InCluster(clusterId, clusterSecret, database)
    .WithEnvironment("HEAD_WHITELIST", candidates)
    .WithClusterFile(floor)
    .WithUrlForEndpoint("http", url => url.DisplayText = "Head")
    .WithIconName("HeartPulse");

var api = builder.AddProject<Projects.Sandbox_Api>("api")
    .WithReplicas(2)
    .WithHttpEndpoint(port: isRun && floor.ApiPort > 0 ? floor.ApiPort : null)
    .WithExternalHttpEndpoints()
    .InCluster(clusterId, clusterSecret, database) // and with it its internal port, which is nobody's outside
    .WithReference(redis).WaitFor(redis)
    .WithUrlForEndpoint("http", url => url.DisplayText = "API")
    .WithIconName("Globe")
    .WithDemoCommand(builder.Configuration["demo-image"], access);

// Every caller that can reach it needs a key; this is the SHA-256 of the first.
if (isRun)
{
    api.WithEnvironment("Api__KeyHashes__0", access.KeyHash);
}
else
{
    api.WithEnvironment("Api__KeyHashes__0", builder.AddParameter("api-key-hash", secret: true));
}

// The agent that goes into each sandbox, built from this repository before the first node needs it.
var agent = isRun ? builder.AddExecutable("agent", "bash", "..", "build/any-agent.sh").WithIconName("Wrench") : null;

var head = AddNode(floor.Candidates[0]).WaitFor(health);
foreach (var name in floor.Candidates.Skip(1).Concat(floor.Others))
{
    AddNode(name).WaitFor(head)
        .WithEnvironment("HEAD_ADDRESS_CFG", $"{head.GetEndpoint("head").Property(EndpointProperty.HostAndPort)}");
}

if (isRun)
{
    builder.AddMonitoring();
    builder.AddStartChecks(floor, access);
}
else
{
    builder.AddComposePublishing(floor);
}

return await builder.Build().RunToEndAsync();

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
        .WithIconName("Server")
        .WithDrainCommand(api, access);
    api.WithRelationship(node.Resource, "Calls");
    return agent is null ? node.AsPublishedNode() : node.AsLocalNode(floor).WaitForCompletion(agent);
}
